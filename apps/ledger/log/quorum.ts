import { readFileSync } from 'node:fs';
import { ConfigError } from '#config/load-config.js';
import type { LogConfig } from '#config/log.schema.js';
import { parseSignature } from '#tlog/note.js';
import { COSIGNATURE_V1, type NoteVerifier, parseVerifierKey } from '#tlog/note-key.js';
import { meetsQuorum, parseTlogPolicy, type TlogPolicy } from '#tlog/tlog-policy.js';

export interface Witness {
  readonly url: string;
  readonly verifier: NoteVerifier;
}

/** Which witnesses are known, which of them are asked, and how many are enough. */
export interface Quorum {
  /** With the addresses at which they cosign. */
  readonly witnesses: readonly Witness[];
  /** False when nobody outside has to cosign: then no checkpoint is a witnessed one. */
  readonly isWanted: boolean;
  isMet(keyIds: ReadonlySet<string>): boolean;
  /** Key id of the known witness whose cosignature of `text` this line is. */
  keyIdOf(text: string, line: string): string | undefined;
}

/** @throws ConfigError for a key or a policy file that cannot be read */
export const openQuorum = ({ witnesses, policy_file }: LogConfig): Quorum => {
  const listed = witnesses.map(({ url, key }) => ({ url, verifier: readKey(key) }));
  const policy = policy_file === undefined ? undefined : readPolicy(policy_file);
  const known = [
    ...listed,
    ...(policy?.witnesses ?? []).filter(
      ({ verifier }) => !listed.some((one) => isSame(one.verifier, verifier)),
    ),
  ];
  const verifiers = known.map(({ verifier }) => verifier);
  const all = (keyIds: ReadonlySet<string>): boolean =>
    listed.every(({ verifier }) => keyIds.has(verifier.keyId));
  const isWanted = policy === undefined ? listed.length > 0 : policy.quorum !== undefined;
  return {
    witnesses: known.flatMap(({ url, verifier }) => (url === undefined ? [] : [{ url, verifier }])),
    isWanted,
    isMet: (keyIds) => isWanted && (policy === undefined ? all(keyIds) : meetsQuorum(policy, keyIds)),
    keyIdOf: (text, line) => verifierOf(verifiers, text, line)?.keyId,
  };
};

const verifierOf = (
  verifiers: readonly NoteVerifier[],
  text: string,
  line: string,
): NoteVerifier | undefined => {
  try {
    const { name, keyId, signature } = parseSignature(line);
    return verifiers.find(
      (known) => known.name === name && known.keyId === keyId && known.verify(text, signature) !== undefined,
    );
  } catch {
    return undefined;
  }
};

const isSame = (one: NoteVerifier, other: NoteVerifier): boolean =>
  one.keyId === other.keyId && one.name === other.name;

const readKey = (key: string): NoteVerifier => {
  try {
    const verifier = parseVerifierKey(key);
    if (verifier.type !== COSIGNATURE_V1) throw new Error('it is not the key of a witness (type 0x04)');
    return verifier;
  } catch (error) {
    throw new ConfigError(`log.witnesses: ${key.slice(0, 60)}: ${(error as Error).message}`);
  }
};

const readPolicy = (file: string): TlogPolicy => {
  try {
    return parseTlogPolicy(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`log.policy_file: ${file}: ${(error as Error).message}`);
  }
};
