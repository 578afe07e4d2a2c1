import { CountersignError } from '../errors.js';
import { encodeString } from './json-string.js';
import { endOf, NODE_INTS, nextOf, startOf } from './json-tape.js';
import { type Document, type KeyInfo, keyInfo, type MaskingRun } from './masking-run.js';
import { noteFinding } from './note-finding.js';
import { below } from './place.js';
import { maskDecoded, stringAt } from './walk-leaf.js';

/** One member of an object. `name` is its key as it will stand in the masked body. */
export interface Member {
  readonly info: KeyInfo;
  readonly key: number;
  readonly value: number;
  name: string;
}

/** Looks for personal data in a key itself: `{"523-96-8051": {...}}`. */
const maskKey = (run: MaskingRun, info: KeyInfo): string => {
  const before = run.findings.length;
  info.masked = maskDecoded(run, info.key);
  info.reason = run.findings.splice(before)[0];
  return info.masked;
};

/** Masked keys of one object must stay distinct, or the object would lose members: `[US_SSN]`, `[US_SSN#2]`, ... */
const renameKeys = (run: MaskingRun, document: Document, members: readonly Member[]): void => {
  const taken = new Set(members.filter(({ info, name }) => info.key === name).map(({ name }) => name));
  const tried = new Map<string, number>();
  for (const member of members) {
    if (member.info.key === member.name) continue;
    const base = member.name;
    let count = tried.get(base) ?? 0;
    do {
      count++;
      member.name =
        count === 1 ? base : base.endsWith(']') ? `${base.slice(0, -1)}#${count}]` : `${base}#${count}`;
    } while (taken.has(member.name));
    tried.set(base, count);
    taken.add(member.name);
    const text = encodeString(member.name, document.strict);
    document.edits.push({ start: startOf(run.tape, member.key), end: endOf(run.tape, member.key), text });
    const { reason } = member.info;
    if (reason) noteFinding(run, below(run.place, member.name), reason.kind, reason.evidence, 1);
  }
};

export interface Members {
  readonly list: readonly Member[];
  /** ROLE_ bits of all keys together. */
  readonly roles: number;
}

/**
 * The members of an object, with keys that are themselves personal data already masked.
 * @throws CountersignError masking_blocked for duplicate keys in the body: readers would disagree which one counts.
 */
export const readMembers = (run: MaskingRun, document: Document, node: number): Members => {
  const { tape } = run;
  const stop = nextOf(tape, node);
  const id = ++run.objects;
  const list: Member[] = [];
  let roles = 0;
  let renamed = false;
  for (let key = node + NODE_INTS; key < stop; key = nextOf(tape, key + NODE_INTS)) {
    const info = keyInfo(run, stringAt(run, document, key));
    if (info.seenIn === id && document.strict) {
      throw new CountersignError('masking_blocked', 'an object has a key twice');
    }
    info.seenIn = id;
    roles |= info.roles;
    const name = info.masked ?? maskKey(run, info);
    renamed ||= name !== info.key;
    list.push({ info, key, value: key + NODE_INTS, name });
  }
  if (renamed) renameKeys(run, document, list);
  return { list, roles };
};
