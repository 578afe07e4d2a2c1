import { isOfTheLog, type LedgerEntry } from '../e2e/support/rest.js';
import { assertEntriesFitSchemas } from '../schemas/entry-schemas.js';

/** Reads the ledger forward; each entry once. */
export interface RecordReader {
  /** What was recorded since the last time, reads and the log's own left out. */
  news(): Promise<readonly LedgerEntry[]>;
}

interface Page {
  readonly items: readonly { readonly position: string; readonly entry: LedgerEntry }[];
  readonly next: string | null;
}

export const openRecord = (base: string, token: string): RecordReader => {
  let position: string | undefined;
  const page = async (): Promise<Page> => {
    const after = position === undefined ? '' : `&after=${position}`;
    const response = await fetch(`${base}/ledger/events?limit=1000${after}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (response.status !== 200) throw new Error(`ledger/events: ${response.status}`);
    return (await response.json()) as Page;
  };
  return {
    news: async () => {
      const entries: LedgerEntry[] = [];
      for (let more = true; more; ) {
        const { items, next } = await page();
        position = items.at(-1)?.position ?? position;
        entries.push(...items.map(({ entry }) => entry));
        more = next !== null;
      }
      assertEntriesFitSchemas(entries);
      return entries.filter(({ type }) => type !== 'LedgerRead' && !isOfTheLog(type));
    },
  };
};
