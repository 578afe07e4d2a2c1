import { hash } from 'node:crypto';
import { formatAddCheckpoint } from '#tlog/add-checkpoint.js';
import type { Hash } from '#tlog/merkle.js';
import { type BoundedAnswer, boundedFetch } from './bounded-fetch.js';

/** A few signature lines, or a checkpoint. */
const ANSWER_BYTES_MAX = 64 * 1024;

export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly lines: readonly string[] }
  /** The witness has cosigned another size last. */
  | { readonly kind: 'conflict'; readonly size: number }
  /** The witness says that this is not the log it knows: 422 of C2SP tlog-witness. */
  | { readonly kind: 'inconsistent' }
  | { readonly kind: 'failed'; readonly why: string };

/** One `add-checkpoint` of C2SP tlog-witness. Never throws: an absent witness is an answer too. */
export const addCheckpoint = async (
  url: string,
  submission: { readonly old_size: number; readonly proof: readonly Hash[]; readonly note: string },
  deadline_ms: number,
): Promise<WitnessAnswer> => {
  const { old_size, proof, note } = submission;
  const request = { method: 'POST', body: formatAddCheckpoint({ old: old_size, proof, checkpoint: note }) };
  try {
    return read(await boundedFetch(below(url, 'add-checkpoint'), request, limits(deadline_ms)));
  } catch (error) {
    return { kind: 'failed', why: (error as Error).message };
  }
};

/** The checkpoint that the witness cosigned last (C2SP tlog-witness "Monitor Retrieval"), unverified; undefined without. */
export const lastCosigned = async (
  url: string,
  origin: string,
  deadline_ms: number,
): Promise<Buffer | undefined> => {
  try {
    const path = `${hash('sha256', origin)}/checkpoint`;
    const { status, bytes } = await boundedFetch(below(url, path), {}, limits(deadline_ms));
    return status === 200 ? bytes : undefined;
  } catch {
    return undefined;
  }
};

const read = ({ status, bytes }: BoundedAnswer): WitnessAnswer => {
  const body = bytes.toString();
  if (status === 200) return { kind: 'cosigned', lines: body.split(/(?<=\n)/) };
  if (status === 422) return { kind: 'inconsistent' };
  if (status === 409 && /^(0|[1-9]\d{0,15})\n$/.test(body)) return { kind: 'conflict', size: Number(body) };
  return { kind: 'failed', why: `it answers ${status}` };
};

const limits = (deadline_ms: number) => ({ deadline_ms, bytes_max: ANSWER_BYTES_MAX });

const below = (url: string, path: string): string => `${url.replace(/\/$/, '')}/${path}`;
