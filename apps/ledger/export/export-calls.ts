import { CountersignError } from '#core/errors.js';
import { csvRecord } from '#http/csv.js';
import type { CallItem, CallPage, CallSearch } from '../projection/call-filter.js';

export interface CallExport {
  readonly format: 'jsonl' | 'csv';
  readonly search: CallSearch;
  list(search: CallSearch): Promise<CallPage>;
  /** With it each line of JSONL is a whole transcript. */
  readonly transcript?: (callId: string) => Promise<object>;
}

const COLUMNS = [
  'n',
  'time',
  'id',
  'principal',
  'client',
  'agent',
  'session',
  'method',
  'server',
  'tool',
  'effect',
  'decision',
  'rules',
  'policyDigest',
  'outcome',
  'masked',
  'approvalId',
] as const;

/**
 * The calls as text, a page at a time, so that memory is bounded however many there are. The last line says how many
 * there were and that it is the end: without it the export was cut and goes on behind the last `n` received.
 */
export async function* exportCalls({ format, search, list, transcript }: CallExport): AsyncGenerator<string> {
  if (format === 'csv') yield csvRecord(COLUMNS);
  let { after } = search;
  let calls = 0;
  for (;;) {
    const page: CallPage = await list({ ...search, after });
    for (const item of page.items) {
      yield format === 'csv' ? csvLine(item) : `${JSON.stringify(await lineOf(item, transcript))}\n`;
    }
    calls += page.items.length;
    if (page.next === null) break;
    after = page.next;
  }
  yield format === 'csv' ? csvRecord(['#end', calls]) : `${JSON.stringify({ end: true, calls })}\n`;
}

/** A call whose payload cannot be opened any more is listed all the same, with the reason. */
const lineOf = async (item: CallItem, transcript: CallExport['transcript']): Promise<object> => {
  if (transcript === undefined) return item;
  try {
    return { n: item.n, ...(await transcript(item.id)) };
  } catch (error) {
    if (error instanceof CountersignError) return { ...item, error: error.code };
    throw error;
  }
};

const csvLine = (item: CallItem): string =>
  csvRecord(
    COLUMNS.map((column) => {
      switch (column) {
        case 'rules':
          return item.rules.join(' ');
        case 'masked':
          return Object.entries(item.masked)
            .map(([kind, count]) => `${kind}:${count}`)
            .join(' ');
        default:
          return item[column] ?? null;
      }
    }),
  );
