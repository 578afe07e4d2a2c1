import { leafHash } from '#tlog/merkle.js';
import { parseTlogProof, type TlogProof } from '#tlog/tlog-proof.js';
import { ProofError, verifyInclusion } from '#tlog/verify-proof.js';
import type { Head } from './check-head.js';
import type { LogEntry } from './check-range.js';
import type { Pack } from './pack.js';
import { CHECKPOINT, entryPath, numberIn, proofPath } from './pack-format.js';

/** Entries with a proof of their own (C2SP tlog-proof), by index; each is in the signed tree at its place. */
export const checkSingles = (pack: Pack, head: Head): readonly LogEntry[] => {
  const entries: LogEntry[] = [];
  const checkpoint = pack.text(CHECKPOINT);
  for (const file of pack.in('entries')) {
    const index = numberIn(file, 'entries', '.json');
    const bytes = pack.bytes(file);
    if (index === undefined || bytes === undefined) {
      pack.findings.add('file_malformed', `${file} is not named as an entry is`, { file });
      continue;
    }
    entries.push({ index, bytes });
    const proofFile = proofPath(index);
    const text = pack.text(proofFile);
    if (text === undefined) continue;
    const proof = readProof(pack, proofFile, index, text);
    if (proof === undefined) continue;
    if (proof.checkpoint !== checkpoint)
      pack.findings.add('proof_invalid', `${proofFile} is for another checkpoint`, {
        file: proofFile,
        index,
      });
    else if (proof.index !== index)
      pack.findings.add('wrong_index', `${proofFile} proves entry ${proof.index}`, {
        file: proofFile,
        index,
      });
    else checkInclusion(pack, head, file, index, bytes, proof);
  }
  for (const file of pack.in('proofs')) {
    const index = numberIn(file, 'proofs', '.tlog-proof');
    if (index === undefined || !pack.zip.has(entryPath(index)))
      pack.findings.add('truncated', `${file} proves an entry that is not in the pack`, {
        file,
        ...(index === undefined ? {} : { index }),
      });
  }
  return entries;
};

const readProof = (pack: Pack, file: string, index: number, text: string): TlogProof | undefined => {
  try {
    return parseTlogProof(text);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    pack.findings.add('proof_invalid', `${file}: ${error.message}`, { file, index });
    return undefined;
  }
};

const checkInclusion = (
  pack: Pack,
  { size, root }: Head,
  file: string,
  index: number,
  bytes: Uint8Array,
  { hashes }: TlogProof,
): void => {
  try {
    verifyInclusion({ leaf: leafHash(bytes), index, size, root, proof: hashes });
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    const code = error.code === 'proof_malformed' ? 'proof_invalid' : 'entry_not_in_log';
    pack.findings.add(code, `entry ${index} is not shown to be in the signed tree: ${error.message}`, {
      file,
      index,
    });
  }
};
