import { open, truncate } from 'node:fs/promises';
import { InputError } from './command.js';

export type ExportFormat = 'jsonl' | 'csv';

const TELL_EVERY_MS = 1_000;

/** What a line of an export is: a call with its number, or the end with the count. */
type Line = { readonly n: string } | { readonly end: number } | undefined;

const readLine = (line: string, format: ExportFormat): Line => {
  if (format === 'csv') {
    const [first = '', second = ''] = line.split(',', 2);
    if (first === '#end') return { end: Number(second) };
    return /^\d+$/.test(first) ? { n: first } : undefined;
  }
  try {
    const { n, end, calls } = JSON.parse(line) as { n?: number; end?: boolean; calls?: number };
    if (end === true) return { end: Number(calls) };
    return n === undefined ? undefined : { n: String(n) };
  } catch {
    return undefined;
  }
};

/**
 * Finds the last whole call of a file that an export was cut in, and cuts off what stands behind it.
 * @throws InputError when there is nothing to go on with
 */
export const beginPart = async (file: string, format: ExportFormat): Promise<{ readonly cursor: string }> => {
  let kept = 0;
  let at = 0;
  let cursor: string | undefined;
  for await (const record of recordsOf(await contentOf(file), format)) {
    at += Buffer.byteLength(record);
    const read = readLine(record, format);
    if (read !== undefined && 'end' in read)
      throw new InputError(`${file} is whole: there is nothing to resume.`);
    if (read !== undefined) [kept, cursor] = [at, read.n];
  }
  if (cursor === undefined)
    throw new InputError(`${file} holds no call to go on behind. Remove it and export anew.`);
  await truncate(file, kept);
  return { cursor };
};

const contentOf = async (file: string): Promise<AsyncIterable<Uint8Array>> => {
  try {
    return (await open(file, 'r')).createReadStream();
  } catch {
    throw new InputError(`${file} cannot be read. Without --resume the export begins anew.`);
  }
};

export interface WrittenPart {
  readonly calls: number;
  /** The end was received. */
  readonly isWhole: boolean;
  readonly cursor: string | null;
}

/** Writes the body of an export as it comes, no faster than the disk takes it, and says on stderr how many calls it holds. */
export const writePart = async (
  response: Response,
  {
    file,
    format,
    isFirst,
  }: { readonly file: string; readonly format: ExportFormat; readonly isFirst: boolean },
): Promise<WrittenPart> => {
  const handle = await open(file, isFirst ? 'wx' : 'a', 0o600);
  let calls = 0;
  let cursor: string | null = null;
  let isWhole = false;
  let isHeader = format === 'csv';
  let tellAt = performance.now() + TELL_EVERY_MS;
  try {
    for await (const record of recordsOf(response.body ?? [], format)) {
      const read = readLine(record, format);
      // The part that goes on needs no second header.
      if (isFirst || !isHeader) await handle.appendFile(record);
      isHeader = false;
      if (read !== undefined && 'end' in read) isWhole = true;
      else if (read !== undefined) [calls, cursor] = [calls + 1, read.n];
      if (performance.now() < tellAt) continue;
      tellAt = performance.now() + TELL_EVERY_MS;
      console.error(`${calls} calls`);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  } finally {
    await handle.sync();
    await handle.close();
  }
  return { calls, isWhole, cursor };
};

/** Whole records with their line ends; what is cut off at the end is dropped. */
async function* recordsOf(
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  format: ExportFormat,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    let begin = 0;
    let quoted = false;
    for (let at = 0; at < rest.length; at++) {
      if (format === 'csv' && rest[at] === '"') quoted = !quoted;
      if (rest[at] !== '\n' || quoted) continue;
      yield rest.slice(begin, at + 1);
      begin = at + 1;
    }
    rest = rest.slice(begin);
  }
}
