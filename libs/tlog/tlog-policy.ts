import {
  COSIGNATURE_V1,
  ED25519,
  type NoteVerifier,
  parseVerifierKey,
  type SignatureType,
} from './note-key.js';
import { NoteError } from './note-text.js';

export interface PolicyWitness {
  readonly name: string;
  readonly verifier: NoteVerifier;
  /** Submission prefix (C2SP tlog-witness). */
  readonly url?: string;
}

interface Group {
  readonly threshold: number;
  readonly members: readonly string[];
}

/** Whom to believe: logs, witnesses, and how many of them (C2SP tlog-policy). */
export interface TlogPolicy {
  readonly logs: readonly { readonly verifier: NoteVerifier; readonly url?: string }[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: ReadonlyMap<string, Group>;
  /** Name of a witness or group; undefined for `quorum none`. */
  readonly quorum: string | undefined;
}

export class TlogPolicyError extends Error {
  override readonly name = 'TlogPolicyError';
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
  }
}

interface Reading {
  readonly logs: { verifier: NoteVerifier; url?: string }[];
  readonly witnesses: PolicyWitness[];
  readonly groups: Map<string, Group>;
  readonly members: Set<string>;
  quorum?: string;
}

/** @throws TlogPolicyError with the line and what was expected */
export const parseTlogPolicy = (text: string): TlogPolicy => {
  const reading: Reading = { logs: [], witnesses: [], groups: new Map(), members: new Set() };
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length === 0 || words[0]?.startsWith('#') === true) continue;
    try {
      readLine(reading, words);
    } catch (error) {
      throw new TlogPolicyError(index + 1, (error as Error).message);
    }
  }
  if (reading.quorum === undefined) throw new TlogPolicyError(lines.length, 'there is no quorum line');
  const { logs, witnesses, groups, quorum } = reading;
  return { logs, witnesses, groups, quorum: quorum === 'none' ? undefined : quorum };
};

const readLine = (reading: Reading, [kind = '', ...words]: readonly string[]): void => {
  const read = READERS.get(kind);
  if (read === undefined) throw new Error(`"${kind}" is not one of ${[...READERS.keys()].join(', ')}`);
  read(reading, words);
};

const readLog = ({ logs }: Reading, [vkey = '', url, surplus]: readonly string[]): void => {
  if (surplus !== undefined) throw new Error('expected: log <vkey> [<url>]');
  const verifier = keyOf(vkey, ED25519);
  assertNew(logs, verifier);
  logs.push(url === undefined ? { verifier } : { verifier, url });
};

const readWitness = (reading: Reading, [name = '', vkey = '', url, surplus]: readonly string[]): void => {
  if (surplus !== undefined) throw new Error('expected: witness <name> <vkey> [<url>]');
  assertFree(reading, name);
  const verifier = keyOf(vkey, COSIGNATURE_V1);
  assertNew(reading.witnesses, verifier);
  reading.witnesses.push(url === undefined ? { name, verifier } : { name, verifier, url });
};

const readGroup = (reading: Reading, [name = '', count = '', ...members]: readonly string[]): void => {
  assertFree(reading, name);
  const threshold = count === 'all' ? members.length : count === 'any' ? 1 : Number(count);
  if (!/^(all|any|[1-9]\d{0,3})$/.test(count) || members.length === 0 || threshold > members.length)
    throw new Error('expected: group <name> all|any|<k> <name>..., k at most the number of names');
  for (const member of members) {
    assertKnown(reading, member);
    if (reading.members.has(member)) throw new Error(`${member} is a member already`);
    reading.members.add(member);
  }
  reading.groups.set(name, { threshold, members });
};

const readQuorum = (reading: Reading, [name = '', surplus]: readonly string[]): void => {
  if (surplus !== undefined || reading.quorum !== undefined)
    throw new Error('expected one line: quorum <name>');
  if (name !== 'none') assertKnown(reading, name);
  reading.quorum = name;
};

const READERS = new Map([
  ['log', readLog],
  ['witness', readWitness],
  ['group', readGroup],
  ['quorum', readQuorum],
]);

const keyOf = (vkey: string, type: SignatureType): NoteVerifier => {
  const verifier = parseVerifierKey(vkey);
  if (verifier.type !== type)
    throw new NoteError(
      'key_malformed',
      `expected a key of type 0x0${type}, this is one of 0x0${verifier.type}`,
    );
  return verifier;
};

/** The same public key under another name would be one witness that counts twice. */
const assertNew = (
  known: readonly { readonly verifier: NoteVerifier }[],
  { publicKey }: NoteVerifier,
): void => {
  if (known.some(({ verifier }) => Buffer.compare(verifier.publicKey, publicKey) === 0))
    throw new Error('this public key is there already');
};

const assertFree = (reading: Reading, name: string): void => {
  if (name === '' || name === 'none' || isKnown(reading, name))
    throw new Error(`the name "${name}" is taken`);
};

const assertKnown = (reading: Reading, name: string): void => {
  if (!isKnown(reading, name)) throw new Error(`"${name}" is not defined above`);
};

const isKnown = ({ witnesses, groups }: Reading, name: string): boolean =>
  groups.has(name) || witnesses.some((witness) => witness.name === name);

/** Whether cosignatures of these keys (by key id) are enough. */
export const meetsQuorum = (policy: TlogPolicy, keyIds: ReadonlySet<string>): boolean => {
  const has = (name: string): boolean => {
    const group = policy.groups.get(name);
    if (group !== undefined) return group.members.filter(has).length >= group.threshold;
    const witness = policy.witnesses.find((known) => known.name === name);
    return witness !== undefined && keyIds.has(witness.verifier.keyId);
  };
  return policy.quorum === undefined || has(policy.quorum);
};
