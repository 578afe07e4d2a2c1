import type { Truth } from '../policy.types.js';

// `%` could hide an encoded dot or slash, `~` a home folder, `:` a drive, a stream or a URI scheme, `\` another
// separator, `//` in front another host: what the server would make of them is not known here.
const UNCLEAR = /[\\%~:\p{Cc}]|^\/\//u;

interface Path {
  readonly absolute: boolean;
  readonly segments: readonly string[];
}

/** Undefined when it cannot be told where the path leads. */
const parsePath = (text: string): Path | undefined => {
  if (text === '' || UNCLEAR.test(text)) return undefined;
  const segments = text.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.includes('..') ? undefined : { absolute: text.startsWith('/'), segments };
};

/**
 * Is the value a path at or below `folder`? Empty segments and `.` are dropped first. Unknown, thus never allowed and
 * always denied: `..` anywhere, a relative path against an absolute folder or the reverse, the empty text, and
 * what a server may read in another way (backslash, percent, tilde, colon, control characters, `//` in front). Case
 * counts. Symbolic links are the server's business.
 * @throws TypeError when `folder` itself is not such a path.
 */
export const compileWithin = (folder: string): ((value: string) => Truth) => {
  const root = parsePath(folder);
  if (root === undefined) throw new TypeError(`within: not a plain folder: ${folder}`);
  return (value) => {
    const path = parsePath(value);
    if (path === undefined || path.absolute !== root.absolute) return undefined;
    return root.segments.every((segment, at) => path.segments[at] === segment);
  };
};

/** The folder as the bundle keeps it: no empty segments, no `.`, no slash at the end. Undefined when not plain. */
export const canonicalFolder = (text: string): string | undefined => {
  const path = parsePath(text);
  if (path === undefined || (!path.absolute && path.segments.length === 0)) return undefined;
  return `${path.absolute ? '/' : ''}${path.segments.join('/')}`;
};
