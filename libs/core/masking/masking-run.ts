import type { MaskingProfile, MaskKind, Unscannable } from '../policy/policy.types.js';
import { readKeyOnce } from './classify-key.js';
import { type DigitChain, newDigitChain } from './digit-chain.js';
import type { Evidence, Finding, MaskingLimits } from './finding.js';
import type { Tape } from './json-tape.js';
import type { KnownValues } from './known-values.js';
import { type Place, ROOT } from './place.js';
import type { Rule } from './rule.js';

/** Replaces start..end of the text of its document. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The body, or a string of it after decoding. Edits inside strings of a document are safe in it as they stand. */
export interface Document {
  readonly text: string;
  readonly edits: Edit[];
  /** How to write the quote of a new string here: escaped while inside a string that is edited in place. */
  quote: string;
  /** The tape was read by the rules of RFC 8259. */
  strict: boolean;
}

export interface Hit extends Edit {
  readonly kind: MaskKind | 'UNSCANNABLE';
  readonly evidence: Evidence;
}

export interface KeyInfo {
  readonly key: string;
  readonly rule: Rule | undefined;
  readonly idLike: boolean;
  /** ROLE_ bits. */
  readonly roles: number;
  /** The object that held this key last; finds duplicate keys without a set for each object. */
  seenIn: number;
  /** The key with personal data in it masked, once somebody looked. */
  masked: string | undefined;
  /** Why it was masked. */
  reason: Pick<Finding, 'kind' | 'evidence'> | undefined;
}

export type ActiveKinds = { readonly [kind in MaskKind]: boolean };

/** All state of one pass over one body. */
export interface MaskingRun {
  readonly profile: MaskingProfile;
  readonly limits: MaskingLimits;
  readonly active: ActiveKinds;
  readonly tape: Tape;
  readonly chain: DigitChain;
  readonly keys: Map<string, KeyInfo>;
  readonly findings: Finding[];
  readonly hits: Hit[];
  /** Values masked by key or label, to be masked wherever else they stand. */
  readonly values: Map<string, Rule>;
  /** The body and every text that was decoded on the way. */
  readonly documents: Document[];
  /** The values of the first pass. */
  readonly known: KnownValues | undefined;
  /** Masks the JSON value at a node of the tape. */
  readonly walk: (run: MaskingRun, document: Document, node: number, rule: Rule | undefined) => void;
  /** Levels of JSON inside text around here. */
  nesting: number;
  /** Where the walk is. */
  place: Place;
  objects: number;
  /** Names and types of the protocol: keys say nothing about people here. */
  plain: boolean;
  idLike: boolean;
}

const MASK_KINDS = ['US_SSN', 'PAN', 'BANK_ACCOUNT', 'EMAIL', 'PHONE', 'DOB', 'PERSON', 'ADDRESS'] as const;

/** Scratch memory, overwritten by every number that is read and never read by the next: masking does not interleave. */
const CHAIN = newDigitChain();

/** The kinds that the rules of a profile name. */
export const activeKinds = ({ rules }: MaskingProfile): ActiveKinds => {
  const active = {
    US_SSN: false,
    PAN: false,
    BANK_ACCOUNT: false,
    EMAIL: false,
    PHONE: false,
    DOB: false,
    PERSON: false,
    ADDRESS: false,
  };
  for (const { kinds } of rules) for (const kind of kinds) active[kind] = true;
  return active;
};

export const newRun = (
  profile: MaskingProfile,
  active: ActiveKinds,
  limits: MaskingLimits,
  tape: Tape,
  walk: MaskingRun['walk'],
  known: KnownValues | undefined,
): MaskingRun => ({
  profile,
  limits,
  active,
  tape,
  walk,
  known,
  chain: CHAIN,
  keys: new Map(),
  place: ROOT,
  findings: [],
  hits: [],
  values: new Map(),
  documents: [],
  nesting: 0,
  objects: 0,
  plain: false,
  idLike: false,
});

/** A key that was masked is data; a second masking must not take its mark for the name of a field. */
const holdsMark = (key: string): boolean =>
  key.includes('[') && MASK_KINDS.some((kind) => key.includes(`[${kind}`));

/** What this key means under the profile; each distinct key is looked at once a run. */
export const keyInfo = (run: MaskingRun, key: string): KeyInfo => {
  const cached = run.keys.get(key);
  if (cached) return cached;
  const marked = holdsMark(key);
  const { class: found, rule, roles, isPlainWord } = readKeyOnce(marked ? '' : key);
  const info: KeyInfo = {
    key,
    rule: rule !== undefined && run.active[rule.kind] ? rule : undefined,
    idLike: found.idLike,
    roles,
    seenIn: 0,
    // A key of one plain word is never masked, also when somebody bears it as a name: it names a field.
    masked: isPlainWord && !marked ? key : undefined,
    reason: undefined,
  };
  run.keys.set(key, info);
  return info;
};

export const markOf = (kind: MaskKind): string => `[${kind}]`;
export const blockedMark = (what: Unscannable): string => `[BLOCKED: ${what}]`;

const MARKS: ReadonlySet<string> = new Set([
  ...MASK_KINDS.map(markOf),
  ...(['image', 'audio', 'binary', 'over-limit'] as const).map(blockedMark),
]);
/** Exactly what masking writes: such a value is left alone, so that masking twice changes nothing. */
export const isMark = (value: string): boolean => value.charCodeAt(0) === 0x5b && MARKS.has(value);

/** A text to be masked; the run keeps it, to look for known values in it later. */
export const newDocument = (run: MaskingRun, text: string, strict: boolean): Document => {
  const document: Document = { text, edits: [], quote: '"', strict };
  run.documents.push(document);
  return document;
};

/** Puts the edits of a document in order. */
export const sortEdits = ({ edits }: Document): void => {
  for (let i = 1; i < edits.length; i++) {
    if ((edits[i] as Edit).start < (edits[i - 1] as Edit).start) {
      edits.sort((a, b) => a.start - b.start || b.end - a.end);
      return;
    }
  }
};

/** The text with all edits made. Of overlapping edits the first one wins. */
export const applyEdits = (document: Document): string => {
  sortEdits(document);
  const { text, edits } = document;
  let result = '';
  let from = 0;
  for (const edit of edits) {
    if (edit.start < from) continue;
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return result + text.slice(from);
};
