import type { AllPage, EventStore, StoredEvent } from '#event-store/event-store.js';

const PAGE_EVENTS_MAX = 500;

export interface Pages {
  readonly after?: bigint;
  /** Store position: nothing behind it. */
  readonly until?: bigint;
}

export interface PageRead {
  readonly events: readonly StoredEvent[];
  readonly scannedTo: bigint;
}

/** The events of some types in store order, page by page; the next page is read while one is worked on. */
export async function* readPages(
  store: EventStore,
  types: readonly string[],
  { after, until }: Pages,
): AsyncGenerator<PageRead> {
  const read = (from: bigint | undefined): Promise<AllPage> => {
    const page = store.readAll({
      limit: PAGE_EVENTS_MAX,
      types,
      ...(from === undefined ? {} : { after: from }),
    });
    // Looked at when its turn comes; nobody may come when the run is given up.
    page.catch(() => undefined);
    return page;
  };
  let at = after;
  for (let next = read(at); ; ) {
    const { events, scannedTo } = await next;
    const isLast = scannedTo === undefined || scannedTo === at || (until !== undefined && scannedTo >= until);
    if (!isLast) next = read(scannedTo);
    const wanted = until === undefined ? events : events.filter(({ position }) => position <= until);
    if (scannedTo !== undefined) yield { events: wanted, scannedTo: min(scannedTo, until) };
    if (isLast) return;
    at = scannedTo;
  }
}

const min = (position: bigint, until: bigint | undefined): bigint =>
  until !== undefined && until < position ? until : position;
