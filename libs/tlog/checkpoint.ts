import { HASH_BYTES, type Hash } from './merkle.js';
import { NoteError, strictBase64 } from './note-text.js';

/** Head of a log (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** Note text of a checkpoint, without extension lines. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;

/** @throws NoteError checkpoint_malformed; extension lines are not accepted, as nobody could audit them */
export const parseCheckpoint = (text: string): Checkpoint => {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text);
  const root = match === null ? undefined : strictBase64(match[3] ?? '');
  const size = Number(match?.[2]);
  if (root?.length !== HASH_BYTES || !Number.isSafeInteger(size))
    throw new NoteError(
      'checkpoint_malformed',
      'the note is not a checkpoint: origin, size and root, a line each',
    );
  return { origin: match?.[1] ?? '', size, root };
};
