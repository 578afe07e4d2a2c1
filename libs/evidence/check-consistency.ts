import { sameHash } from '#tlog/merkle.js';
import { NoteError } from '#tlog/note-text.js';
import { meetsQuorum } from '#tlog/tlog-policy.js';
import { ProofError, verifyConsistency } from '#tlog/verify-proof.js';
import {
  checkSignature,
  cosigners,
  type Head,
  type KnownRoot,
  signedCheckpoint,
  type Trust,
} from './check-head.js';
import { NoPack, type Pack } from './pack.js';
import { CHECKPOINT, consistencyPath, numberIn } from './pack-format.js';
import { countOf, hashOf, listOf, objectOf } from './read-json.js';

/** An earlier checkpoint of the pack that is signed and that the pack's tree extends. */
export interface Earlier extends KnownRoot {
  readonly file: string;
  /** The bytes a time stamp is about. */
  readonly text: string;
  readonly isWitnessed: boolean;
}

/** Earlier checkpoints in the pack: each signed by the log and extended by the pack's tree; what is not is a fork. */
export const checkEarlier = (pack: Pack, head: Head): readonly Earlier[] => {
  const good: Earlier[] = [];
  for (const file of pack.in('consistency')) {
    const size = numberIn(file, 'consistency', '.checkpoint');
    if (size === undefined) continue;
    const text = pack.text(file) ?? '';
    const read = pack.attempt(file, () => signedCheckpoint(text));
    if (read === undefined || !checkSignature(pack, file, read.note, head.key)) continue;
    const { checkpoint, note } = read;
    if (checkpoint.size !== size || checkpoint.origin !== head.origin)
      pack.findings.add('wrong_index', `${file} holds a checkpoint of another size or log`, { file });
    else if (isExtended(pack, head, checkpoint, good.at(-1)?.size ?? 0))
      good.push({ ...checkpoint, file, text: note.text, isWitnessed: isWitnessed(pack, file, head, note) });
  }
  return good;
};

const isExtended = (pack: Pack, head: Head, { size, root }: KnownRoot, sizeBefore: number): boolean => {
  const file = consistencyPath(size);
  const proof = pack.json(file, (value) => {
    const { first, second, hashes } = objectOf(value);
    return { first: countOf(first), second: countOf(second), proof: listOf(hashes, hashOf) };
  });
  if (proof === undefined) return false;
  if (proof.first !== size || proof.second !== head.size) {
    pack.findings.add('wrong_index', `${file} is about other sizes`, { file });
    return false;
  }
  try {
    verifyConsistency({ ...proof, firstRoot: root, secondRoot: head.root });
    return true;
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    const message = `the log of ${head.size} is not shown to extend its signed checkpoint of ${size}: ${error.message}`;
    pack.findings.add(error.code === 'proof_malformed' ? 'proof_invalid' : 'fork', message, {
      file,
      index: sizeBefore,
    });
    return false;
  }
};

const isWitnessed = (pack: Pack, file: string, { policy }: Head, note: Head['note']): boolean => {
  if (policy?.quorum === undefined) return false;
  try {
    return meetsQuorum(policy, cosigners(note, policy));
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    pack.findings.add('checkpoint_signature_invalid', `${file}: ${error.message}`, { file });
    return false;
  }
};

/**
 * Up to which entry the quorum of witnesses has seen this very log. A finding when the examiner's own policy asks for
 * more than the pack has; `needed` is one more than the last entry shown.
 */
export const checkWitnesses = (
  pack: Pack,
  head: Head,
  trust: Trust,
  earlier: readonly Earlier[],
  needed: number,
): number => {
  const isHead = isWitnessed(pack, CHECKPOINT, head, head.note);
  const sizes = earlier.filter((checkpoint) => checkpoint.isWitnessed).map(({ size }) => size);
  const witnessed = isHead ? head.size : Math.max(0, ...sizes);
  const isAsked = trust.policy !== undefined && head.policy?.quorum !== undefined;
  if (isAsked && witnessed < needed)
    pack.findings.add(
      'unwitnessed',
      `no quorum of witnesses has cosigned a tree of ${needed} entries or more`,
      {
        index: witnessed,
      },
    );
  return witnessed;
};

/** Checkpoints that came by another way belong to the same log. @throws NoPack for one that is unusable */
export const checkGiven = (
  pack: Pack,
  head: Head,
  { checkpoints = [] }: Trust,
  known: ReadonlyMap<number, KnownRoot>,
): void => {
  let agreed = 0;
  for (const { note, checkpoint } of checkpoints.map(readGiven).sort(bySize)) {
    if (checkpoint.origin !== head.origin)
      throw new NoPack(`the checkpoint given is of ${checkpoint.origin}, the pack of ${head.origin}`);
    if (!checkSignature(pack, 'the checkpoint given', note, head.key)) continue;
    if (agrees(pack, head, checkpoint, known, agreed)) agreed = checkpoint.size;
  }
};

type Signed = ReturnType<typeof signedCheckpoint>;
const bySize = (one: Signed, other: Signed): number => one.checkpoint.size - other.checkpoint.size;

const readGiven = (text: string) => {
  try {
    return signedCheckpoint(text);
  } catch (error) {
    if (error instanceof NoteError) throw new NoPack(`the checkpoint given is none: ${error.message}`);
    throw error;
  }
};

const agrees = (
  { findings }: Pack,
  head: Head,
  { size, root }: KnownRoot,
  known: ReadonlyMap<number, KnownRoot>,
  agreed: number,
): boolean => {
  if (size > head.size) {
    const message =
      `the pack shows a log of ${head.size} entries, the checkpoint given one of ${size}: ` +
      'either the pack is older, or the end of the log was cut. Ask for a new pack.';
    findings.add('tail_cut', message, { index: head.size });
    return false;
  }
  const found = size === head.size ? head.root : known.get(size)?.root;
  if (found !== undefined && sameHash(found, root)) return true;
  if (found === undefined)
    findings.add('consistency_missing', `nothing in the pack links it to the checkpoint of ${size} given`);
  else
    findings.add('fork', `the checkpoint of ${size} given is of another log than the pack`, {
      index: agreed,
    });
  return false;
};
