import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { expect } from 'vitest';
import { claimsFor, type FixtureKey, makeKey, sign, startIssuer } from '#identity/issuer.fixture.js';
import { bankUpstream, startBank } from './support/bank.js';
import { DIRECT_WRITES } from './support/policies.js';
import { type RawAnswer, rpc } from './support/raw.js';
import { type Examiner, examiner, type LedgerEntry } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, type Settings, startPrivate } from './support/standalone.js';
import { waitUntil } from './support/wait-until.js';

/** A request with every byte of its head chosen; nothing is added but Content-Length. */
export interface Sending {
  readonly method?: string;
  /** The request target as sent. Default: the endpoint of the bank. */
  readonly target?: string;
  /** In this order, repetitions included. `Host` is the gateway's unless it is among them. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly agent?: Agent;
}

/** Any tokens: unlike the real issuer, it signs whatever a case wants. */
export type Provider = Awaited<ReturnType<typeof startIssuer>>;

export interface Scene {
  readonly stage: Stage;
  readonly system: PrivateSystem;
  readonly ledger: Examiner;
  readonly provider: Provider;
  /** The provider and others like it, with the same key under the same id. */
  readonly providers: readonly Provider[];
  /** Published by the provider. */
  readonly key: FixtureKey;
  /** Address of the endpoint "core-banking": the audience of good tokens. */
  readonly resource: string;
  /** A token of the provider, good unless changed; `undefined` takes a claim or header away. */
  token(
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  send(sending?: Sending): Promise<RawAnswer>;
  /** tools/list with this Authorization header. */
  list(authorization?: string): Promise<RawAnswer>;
}

export const BANK = '/mcp/core-banking';

/** The standalone gateway with the synthetic bank behind it, and two issuers: the real one and the provider. */
export const openScene = async (
  identityIn: (folder: string) => Settings | Promise<Settings> = () => ({}),
  providersCount = 1,
): Promise<Scene> => {
  const stage = await openStage();
  const identity = await identityIn(stage.folder);
  const key = await makeKey('provider-1');
  const provider = await startIssuer([key]);
  const others = await Promise.all(Array.from({ length: providersCount - 1 }, () => startIssuer([key])));
  const providers = [provider, ...others];
  for (const { close } of providers) stage.defer(close);
  const system = await startPrivate(stage, {
    policy: DIRECT_WRITES,
    upstreams: [bankUpstream(await startBank(stage))],
    settings: (issuer) => ({
      identity: { issuers: [{ issuer }, ...providers.map(({ url }) => ({ issuer: url }))], ...identity },
    }),
  });
  const resource = system.urls.ingress + BANK;
  const send = (sending: Sending = {}) => sendRaw(system.urls.ingress, sending);
  return {
    stage,
    system,
    ledger: await examiner(system),
    provider,
    providers,
    key,
    resource,
    token: (claims = {}, header = {}) =>
      sign(
        key,
        claimsFor(provider.url, resource, { groups: ['BANK-DATA-ENG'], scope: 'mcp', ...claims }),
        header,
      ),
    send,
    list: (authorization) =>
      send({ headers: authorization === undefined ? [] : [['Authorization', authorization]] }),
  };
};

const sendRaw = (base: string, sending: Sending): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { method = 'POST', target = BANK, headers = [], body = rpc('tools/list'), agent } = sending;
    const { hostname, port, host } = new URL(base);
    const started = performance.now();
    const named = new Set(headers.map(([name]) => name.toLowerCase()));
    const all: (readonly [string, string])[] = [
      ...(named.has('host') ? [] : [['Host', host] as const]),
      ...(method === 'POST'
        ? ([
            ['Content-Type', 'application/json'],
            ['Accept', 'application/json, text/event-stream'],
            ['Content-Length', String(Buffer.byteLength(body))],
          ] as const)
        : []),
      ...headers,
    ];
    const options = { hostname, port, method, path: target, headers: all.flat(), agent: agent ?? false };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => {
        const received: IncomingHttpHeaders = response.headers;
        const elapsed_ms = performance.now() - started;
        resolve({ status: response.statusCode ?? 0, headers: received, text, elapsed_ms });
      });
    });
    sent.once('error', reject);
    sent.end(method === 'POST' ? body : undefined);
  });

const refusals = async (ledger: Examiner): Promise<readonly LedgerEntry[]> =>
  (await ledger.events()).filter(({ type }) => type === 'RequestRefused');

/** How many refusals an event stands for: a flood is recorded with its count. */
const countOf = ({ data }: LedgerEntry): number => (data['about'] as { readonly count?: number }).count ?? 1;

/** All refusals on record, by code. */
export const refusalCounts = async (ledger: Examiner): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  for (const entry of await refusals(ledger)) {
    const code = String(entry.data['code']);
    counts.set(code, (counts.get(code) ?? 0) + countOf(entry));
  }
  return counts;
};

export interface Refused {
  readonly status: number;
  readonly code: string;
}

/** The stable code of a refusal at any edge. */
export const codeOfRefusal = ({ text }: RawAnswer): string | undefined => {
  const body = JSON.parse(text) as { code?: string; error?: { data?: { code?: string } } };
  return body.error?.data?.code ?? body.code;
};

/** Sends, checks the answer, and waits until exactly one refusal more of that code is on record. */
export const expectRefusal = async (
  { ledger }: Pick<Scene, 'ledger'>,
  send: () => Promise<RawAnswer>,
  expected: Refused,
): Promise<RawAnswer> => {
  const before = (await refusalCounts(ledger)).get(expected.code) ?? 0;
  const answer = await send();
  expect({ status: answer.status, code: codeOfRefusal(answer) }).toEqual(expected);
  await waitUntil(`a record of ${expected.code}`, async () => {
    const now = (await refusalCounts(ledger)).get(expected.code) ?? 0;
    return now > before && now;
  });
  expect((await refusalCounts(ledger)).get(expected.code)).toBe(before + 1);
  return answer;
};

/** Everything on record as one text, for searches for what must not be there. */
export const recordText = async ({ ledger }: Pick<Scene, 'ledger'>): Promise<string> =>
  JSON.stringify(await ledger.events());
