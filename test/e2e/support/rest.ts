import { LOG_EVENT_TYPES } from '../../../libs/core/log/log.events.js';
import { assertEntriesFitSchemas } from '../../schemas/entry-schemas.js';
import type { System } from './system.js';

/** What a REST edge answered. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly body: Body;
}

export interface Approval {
  readonly id: string;
  readonly callId: string;
  readonly status: string;
  readonly digest: string;
  readonly tool: string;
  readonly server: string;
  readonly arguments: Record<string, unknown>;
  readonly reasons: readonly { readonly id: string; readonly says: string }[];
  readonly votes: readonly { readonly approver: string; readonly vote: string }[];
  readonly quorum: readonly { readonly by: readonly string[]; readonly count: number }[];
  readonly grant?: Readonly<Record<string, unknown>>;
}

export interface CallItem {
  readonly id: string;
  readonly principal: string;
  readonly agent: string | null;
  readonly server: string;
  readonly tool: string;
  readonly decision: string | null;
  readonly rules: readonly string[];
  readonly outcome: string;
  readonly approvalId?: string;
}

export interface LedgerEntry {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly correlation: string;
  readonly data: Record<string, unknown>;
  readonly payload?: { readonly commit: string };
}

export interface Transcript {
  readonly id: string;
  readonly caller: { readonly principal: string };
  readonly request: { readonly arguments: Record<string, unknown> };
  readonly decisions: readonly {
    readonly policyDigest: string;
    readonly decision: { readonly effect: string; readonly rules: readonly string[] };
  }[];
  readonly approval: {
    readonly events: readonly { readonly type: string; readonly data: Record<string, unknown> }[];
  } | null;
  readonly masking: { readonly counts: Record<string, number> } | null;
  readonly response: unknown;
  readonly outcome: { readonly type: string; readonly code?: string; readonly reason?: string };
  readonly events: readonly { readonly type: string; readonly data: Record<string, unknown> }[];
}

export interface ReplayReport {
  readonly checked: number;
  readonly identical: number;
  readonly different: readonly unknown[];
  readonly counts: Readonly<Record<string, number>>;
  readonly next: string | null;
}

/** Written by the clock, so that it may stand between any two events of a test. */
export const isOfTheLog = (type: string): boolean => LOG_EVENT_TYPES.some((own) => own === type);

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

const send = async <Body>(url: string, token: string, body?: object): Promise<Answer<Body>> => {
  const response = await fetch(url, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  });
  return { status: response.status, body: (await response.json()) as Body };
};

/** @throws Error when the answer is not 200 */
const read = async <Body>(url: string, token: string, body?: object): Promise<Body> => {
  const answer = await send<Body>(url, token, body);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};

export type Vote = { readonly digest?: string; readonly reason?: string; readonly delegation?: string };

/** The approvals REST edge as one user. */
export const approver = async ({ urls, issuer }: System, user: string) => {
  const token = await issuer.token(user);
  const base = `${urls.approval}/approvals`;
  return {
    list: async (status?: string) =>
      (await read<Page<Approval>>(`${base}${status === undefined ? '' : `?status=${status}`}`, token)).items,
    one: (id: string) => read<Approval>(`${base}/${id}`, token),
    approve: (id: string, vote: Vote) =>
      send<{ readonly status: unknown; readonly code?: string }>(`${base}/${id}/approve`, token, vote),
    deny: (id: string, vote: Vote) =>
      send<{ readonly status: unknown; readonly code?: string }>(`${base}/${id}/deny`, token, vote),
    delegate: (terms: object) =>
      send<{ readonly id?: string; readonly status?: unknown; readonly code?: string }>(
        `${urls.approval}/delegations`,
        token,
        terms,
      ),
    delegations: async () =>
      (await read<Page<{ readonly id: string }>>(`${urls.approval}/delegations`, token)).items,
    revokeDelegation: (id: string) =>
      send<{ readonly status?: unknown; readonly code?: string }>(
        `${urls.approval}/delegations/${id}/revoke`,
        token,
        {},
      ),
    /** Granted by break-glass and not reviewed. */
    reviews: async () => (await read<Page<Approval>>(`${base}?review=due`, token)).items,
    breakGlass: (id: string, vote: Vote) =>
      send<{ readonly status: unknown; readonly code?: string }>(`${base}/${id}/break-glass`, token, vote),
    review: (id: string, body: { readonly verdict?: string; readonly reason?: string }) =>
      send<{ readonly review?: unknown; readonly code?: string }>(`${base}/${id}/review`, token, body),
    withdraw: (id: string, body: { readonly reason?: string }) =>
      send<{ readonly status: unknown; readonly code?: string }>(`${base}/${id}/withdraw`, token, body),
    revoke: (id: string, body: { readonly reason?: string }) =>
      send<{
        readonly status: unknown;
        readonly code?: string;
        readonly grant?: Readonly<Record<string, unknown>>;
      }>(`${base}/${id}/revoke`, token, body),
  };
};

export type Approver = Awaited<ReturnType<typeof approver>>;

export interface Proposal {
  readonly id: string;
  readonly status: string;
  readonly code?: string;
  readonly detail?: string;
  readonly digest: string;
  readonly policyDigest: string;
  readonly activated: boolean;
  readonly active: boolean;
  readonly votes: readonly { readonly approver: string }[];
  readonly policy?: string;
  readonly diff?: {
    readonly changes: readonly { readonly at: string }[];
    readonly access: readonly { readonly role: string; readonly operation: string }[];
  };
}

/** The policy's REST edge as one user. */
export const policyOwner = async ({ urls, issuer }: System, user: string) => {
  const token = await issuer.token(user);
  const base = `${urls.policy}/policy`;
  const act = (id: string, verb: string, vote: Vote) =>
    send<Proposal>(`${base}/proposals/${id}/${verb}`, token, vote);
  return {
    active: () => send<Proposal>(`${base}/active`, token),
    propose: (policy: string, reason?: string) =>
      send<Proposal>(`${base}/proposals`, token, { policy, ...(reason === undefined ? {} : { reason }) }),
    list: async (query = '') => (await read<Page<Proposal>>(`${base}/proposals${query}`, token)).items,
    one: (id: string) => send<Proposal>(`${base}/proposals/${id}`, token),
    approve: (id: string, vote: Vote) => act(id, 'approve', vote),
    deny: (id: string, vote: Vote) => act(id, 'deny', vote),
    withdraw: (id: string, vote: Vote) => act(id, 'withdraw', vote),
  };
};

/** The ledger's REST edge as the examiner. */
export const examiner = async ({ urls, issuer }: System) => {
  const token = await issuer.token('examiner');
  const base = `${urls.ledger}/ledger`;
  const pages = async <Item>(path: string, parameter: string): Promise<readonly Item[]> => {
    const items: Item[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page: Page<Item> = await read(
        `${base}/${path}${next === '' ? '' : `&${parameter}=${next}`}`,
        token,
      );
      items.push(...page.items);
      next = page.next;
    }
    return items;
  };
  const everything = async (): Promise<readonly LedgerEntry[]> => {
    const items = await pages<{ readonly entry: LedgerEntry }>('events?limit=1000', 'after');
    const entries = items.map(({ entry }) => entry);
    assertEntriesFitSchemas(entries);
    return entries;
  };
  return {
    /** Newest first. */
    calls: () => pages<CallItem>('calls?limit=500', 'cursor'),
    transcript: (id: string) => read<Transcript>(`${base}/calls/${id}`, token),
    /** The whole history in store order, each entry as its published schema says. */
    events: async () => (await everything()).filter(({ type }) => !isOfTheLog(type)),
    /** With the checkpoints, which come when it is time for them. */
    everything,
    /** Of the whole history. */
    replay: async () => {
      const report = await read<ReplayReport>(`${base}/replay`, token, {});
      if (report.next !== null) throw new Error(`the replay ended early: ${JSON.stringify(report)}`);
      return report;
    },
  };
};
export type Examiner = Awaited<ReturnType<typeof examiner>>;
