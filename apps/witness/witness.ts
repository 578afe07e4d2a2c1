import { hash } from 'node:crypto';
import { decideCosign, parseAddCheckpoint } from '#tlog/add-checkpoint.js';
import { verifyNote } from '#tlog/note.js';
import type { NoteSigner, NoteVerifier } from '#tlog/note-key.js';
import type { Heads } from './heads.js';

export interface WitnessOptions {
  readonly signer: NoteSigner;
  /** Keys of the logs it watches; a log is known by the name of its key. */
  readonly logs: readonly NoteVerifier[];
  readonly heads: Heads;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** The log has signed something that does not extend what it signed before. */
  readonly isConflict?: boolean;
}

export const plain = (status: number, body: string): HttpAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body,
});

/** Name of a log in the read addresses of a witness (C2SP tlog-witness, "Monitor Retrieval Mechanism"). */
export const originHash = (origin: string): string => hash('sha256', origin, 'hex');

/** `POST /add-checkpoint` of C2SP tlog-witness: the head is durable before its cosignature leaves. */
export const addCheckpoint = (body: string, { signer, logs, heads, clock }: WitnessOptions): HttpAnswer => {
  const request = parseAddCheckpoint(body);
  if (request === undefined)
    return plain(400, 'expected: old <size>, proof lines, an empty line, a checkpoint\n');
  return heads.atomically(() => {
    const answer = decideCosign(request, logs, heads.headOf);
    if ('refused' in answer) {
      const { refused } = answer;
      if (refused.status === 409) return { status: 409, type: 'text/x.tlog.size', body: `${refused.size}\n` };
      if (refused.status !== 422) return plain(refused.status, `${refused.why}\n`);
      heads.keepConflict(new Date(clock()).toISOString(), body, refused.why);
      return { ...plain(422, `${refused.why}\n`), isConflict: true };
    }
    const { cosign, note } = answer;
    const line = signer.sign(note.text, Math.floor(clock() / 1_000));
    const verified = verifyNote(note, logs).map(({ name, keyId }) => `${name} ${keyId}`);
    const logLines = note.signatures.filter(({ name, keyId }) => verified.includes(`${name} ${keyId}`));
    const cosigned = `${note.text}\n${logLines.map((signature) => signature.line).join('')}${line}`;
    heads.keep(cosign, originHash(cosign.origin), cosigned);
    return plain(200, line);
  });
};
