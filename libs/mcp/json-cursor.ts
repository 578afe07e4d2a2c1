import { CountersignError } from '#core/errors.js';

export interface JsonLimits {
  readonly bytes_max: number;
  /** Nesting of objects and arrays; the outermost one counts as 1. */
  readonly depth_max: number;
  /** Object members and array elements of the whole text together. */
  readonly members_max: number;
  /**
   * For texts that are only ever passed on byte for byte (results of upstreams): numbers that a double cannot hold
   * and the escape of NUL are let through. Never set it for bytes that will be re-serialised.
   */
  readonly verbatim?: boolean;
}

/** A half-open range of byte offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MemberSpan extends Span {
  readonly key: string;
}

/** Keys of all objects that are open at the moment, innermost last. */
export interface KeyStack {
  top: number;
  readonly hash: number[];
  readonly start: number[];
  readonly end: number[];
  /** One set for each open object that has many keys, by depth. */
  readonly wide: (Set<string> | undefined)[];
}

export interface Cursor {
  readonly bytes: Uint8Array;
  readonly limits: JsonLimits;
  at: number;
  depth: number;
  members: number;
  negativeZero: boolean;
  readonly keys: KeyStack;
  readonly rootMembers: MemberSpan[];
  readonly rootElements: Span[];
}

export const openCursor = (bytes: Uint8Array, limits: JsonLimits): Cursor => ({
  bytes,
  limits,
  at: 0,
  depth: 0,
  members: 0,
  negativeZero: false,
  keys: { top: 0, hash: [], start: [], end: [], wide: [] },
  rootMembers: [],
  rootElements: [],
});

/** The reason names a place, never the content: what was sent may be personal data. */
export const refuseJson = (reason: string, at: number): never => {
  throw new CountersignError('json_malformed', `${reason} at byte ${at}`);
};

/** Text of a range known to be valid UTF-8. */
export const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
