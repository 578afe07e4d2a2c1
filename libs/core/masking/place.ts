/**
 * Where the walk is: a step down from another place. Places are values, so a child costs one object, going back costs
 * nothing, and siblings share the text of the way to their parent, which is made when the first of them needs it.
 */
export interface Place {
  readonly parent: Place | undefined;
  readonly step: string | number;
  /** Nothing: `step` is a key or index. A number: from here on we are in this JSON value (0 = the first) of the text. */
  readonly fragment: number | undefined;
  pointer: string | undefined;
  /** Pointer inside JSON inside text, from the first such text on. */
  inner: string | undefined;
}

export const ROOT: Place = {
  parent: undefined,
  step: '',
  fragment: undefined,
  pointer: '',
  inner: undefined,
};

export const below = (parent: Place, step: string | number): Place => ({
  parent,
  step,
  fragment: undefined,
  pointer: undefined,
  inner: undefined,
});

export const insideText = (parent: Place, fragment: number): Place => ({
  parent,
  step: '',
  fragment,
  pointer: undefined,
  inner: undefined,
});

const needsEscape = (step: string): boolean => {
  for (let i = 0; i < step.length; i++) {
    const code = step.charCodeAt(i);
    if (code === 0x7e || code === 0x2f || (code >= 0xd800 && code <= 0xdfff)) return true;
  }
  return false;
};

const tokenOf = (step: string | number): string =>
  typeof step === 'number' || !needsEscape(step)
    ? `/${step}`
    : `/${step.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The way to the place as text, in `pointer` and `inner`. */
export const resolve = (place: Place): { readonly pointer: string; readonly inner: string | undefined } => {
  const { parent, fragment, step } = place;
  if (place.pointer !== undefined || parent === undefined)
    return { pointer: place.pointer ?? '', inner: place.inner };
  const above = resolve(parent);
  place.pointer = above.pointer;
  place.inner = above.inner;
  if (fragment !== undefined) {
    place.inner =
      (above.inner === undefined ? '' : `${above.inner}#`) + (fragment === 0 ? '' : `[${fragment}]`);
  } else if (above.inner === undefined) place.pointer = above.pointer + tokenOf(step);
  else place.inner = above.inner + tokenOf(step);
  return { pointer: place.pointer, inner: place.inner };
};
