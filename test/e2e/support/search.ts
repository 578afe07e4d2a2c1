import { setTimeout as pause } from 'node:timers/promises';
import type { System } from './system.js';

export interface Found {
  readonly n: number;
  readonly id: string;
  readonly tool: string;
  readonly outcome: string;
  readonly effect: string | null;
  readonly session: string;
  readonly found?: readonly string[];
}

export interface SearchAnswer {
  readonly items: readonly Found[];
  readonly next: string | null;
  readonly values?: { readonly tooLarge: number; readonly unreadable: number };
  readonly code?: string;
}

const AGAIN_MS = 100;

/** Asks below /ledger as one user; `body` is the first line of the answer when that is JSON. */
export const askLedger = async ({ urls, issuer }: System, user: string, path: string, body?: object) => {
  const response = await fetch(`${urls.ledger}/ledger/${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${await issuer.token(user)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  });
  const text = await response.text();
  const [line = ''] = text.split('\n', 1);
  return {
    status: response.status,
    text,
    body: (line.startsWith('{') ? JSON.parse(line) : null) as SearchAnswer,
  };
};

/** Every call an examiner finds, oldest first, however often the index has to be waited for. */
export const searchLedger = async (system: System, body: object): Promise<readonly Found[]> => {
  const items: Found[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const asked = { order: 'oldest', ...body, ...(cursor === '' ? {} : { cursor }) };
    const { status, body: page } = await askLedger(system, 'examiner', 'search', asked);
    if (status === 503 && page.code === 'read_model_behind') await pause(AGAIN_MS);
    else if (status !== 200) throw new Error(`search: ${status} ${page.code}`);
    else {
      items.push(...page.items);
      cursor = page.next;
    }
  }
  return items;
};
