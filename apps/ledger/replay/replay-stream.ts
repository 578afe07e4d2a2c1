import { CountersignError, ERRORS } from '#core/errors.js';
import type { ReplayLine } from './report.js';

export const REPLAY_MEDIA_TYPE = 'application/x-ndjson';

/** Last line of a run that could not go on. `next`: cursor to go on after, once the cause is gone; null = from the start. */
export interface ReplayFailure {
  readonly error: { readonly code: string; readonly title: string; readonly next: string | null };
}

/** The lines of a run as text. The status is sent before the first line, so a failure becomes the last line. */
export async function* ndjsonLines(lines: AsyncIterable<ReplayLine>): AsyncGenerator<string> {
  let next: string | null = null;
  try {
    for await (const line of lines) {
      if ('progress' in line) next = line.progress.position;
      yield `${JSON.stringify(line)}\n`;
    }
  } catch (error) {
    const code = error instanceof CountersignError ? error.code : 'ledger_unavailable';
    const failure: ReplayFailure = { error: { code, title: ERRORS[code].says, next } };
    yield `${JSON.stringify(failure)}\n`;
  }
}
