import { randomUUID } from 'node:crypto';
import { claimsFor, type FixtureKey, makeKey, sign, startIssuer } from '#identity/issuer.fixture.js';
import {
  type ChangingServer,
  changingUpstream,
  startChangingServer,
  tool,
} from '../e2e/support/changing-server.js';
import { type Examiner, examiner } from '../e2e/support/rest.js';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { type PrivateSystem, startPrivate } from '../e2e/support/standalone.js';
import { POLICY } from './policy.js';
import { openRecord, type RecordReader } from './record-reader.js';
import { type RecordingServer, startRecordingServer } from './recording-server.js';

export const REQUEST_BYTES_MAX = 256 * 1024;
export const RESULT_BYTES_MAX = 64 * 1024;
export const TIMEOUT_MS = 600;

const secret = (where: string): string => `canary-${where}-${randomUUID()}`;
/** Random texts that no upstream, log or event may ever hold. */
export const CANARY = {
  /** A claim of every token. */
  token: secret('token'),
  /** The value of a header of every request. */
  header: secret('header'),
  /** An argument, in every attack that must not be forwarded. */
  argument: secret('argument'),
} as const;

const GROUPS = {
  engineer: ['BANK-DATA-ENG'],
  colleague: ['BANK-DATA-ENG'],
  analyst: ['BANK-RISK-ANALYST'],
  manager: ['BANK-DATA-MGR'],
} as const;
export type Person = keyof typeof GROUPS;

export interface Scene {
  readonly stage: Stage;
  readonly system: PrivateSystem;
  readonly base: string;
  readonly ledger: Examiner;
  readonly record: RecordReader;
  /** The legacy and the modern upstream; they record every byte. */
  readonly old: RecordingServer;
  readonly new: RecordingServer;
  /** Behind small budgets. */
  readonly tight: RecordingServer;
  /** Its lists change. */
  readonly shifty: ChangingServer;
  /** What is behind the redirect of the upstream `onward`; nobody may ever reach it. */
  readonly inside: RecordingServer;
  readonly provider: { readonly url: string };
  readonly key: FixtureKey;
  /** Every token that was made. */
  readonly tokens: ReadonlySet<string>;
  token(person: Person, claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Tokens of this person have these groups from now on. */
  regroup(person: Person, groups: readonly string[]): void;
  /** Governed requests that any upstream has got. */
  forwarded(): number;
}

const ENDPOINTS = ['mcp', 'mcp/old', 'mcp/new', 'mcp/shifty', 'mcp/tight', 'mcp/onward', 'mcp/inward'];

export const openScene = async (): Promise<Scene> => {
  const stage = await openStage();
  const key = await makeKey('provider-1');
  const provider = await startIssuer([key]);
  stage.defer(provider.close);
  const old = await startRecordingServer(stage, 'legacy');
  const modern = await startRecordingServer(stage, 'modern');
  const tight = await startRecordingServer(stage, 'legacy');
  const inside = await startRecordingServer(stage, 'legacy');
  const shifty = await startChangingServer(stage, { tools: [tool('read')] });
  const onward = await startRedirect(stage, inside.url);
  const http = (name: string, url: string, more: object = {}) => ({
    name,
    transport: 'http',
    url,
    timeout_ms: TIMEOUT_MS,
    ...more,
  });
  const questions = { server_requests: ['elicitation/create', 'sampling/createMessage', 'roots/list'] };
  const system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [
      http('old', old.url, questions),
      http('new', modern.url, questions),
      http('tight', tight.url),
      http('onward', onward),
      http('inward', 'http://169.254.169.254/latest/meta-data/'),
      changingUpstream('shifty', shifty),
    ],
    settings: (issuer) => ({
      identity: { issuers: [{ issuer }, { issuer: provider.url }] },
      approvals: { hold_ms: 120 },
      limits: {
        request_bytes_max: REQUEST_BYTES_MAX,
        result_bytes_max: RESULT_BYTES_MAX,
        budgets: { servers: { tight: { argument_bytes: 512, result_bytes: 2_048 } } },
      },
    }),
  });
  const base = system.urls.ingress;
  const ledger = await examiner(system);
  const made = new Set<string>();
  const groups: Record<Person, readonly string[]> = { ...GROUPS };
  return {
    stage,
    system,
    base,
    ledger,
    record: openRecord(base, await system.issuer.token('examiner')),
    old,
    new: modern,
    tight,
    shifty,
    inside,
    provider,
    key,
    tokens: made,
    token: async (person, claims = {}) => {
      const token = await sign(key, {
        ...claimsFor(provider.url, base),
        aud: [base, ...ENDPOINTS.map((path) => `${base}/${path}`)],
        sub: `sub-${person}`,
        preferred_username: person,
        groups: groups[person],
        jti: randomUUID(),
        canary: CANARY.token,
        // Who approves does so at another client than the agents.
        ...(person === 'manager' ? { client_id: 'approvals-console' } : {}),
        ...claims,
      });
      made.add(token);
      return token;
    },
    regroup: (person, now) => {
      groups[person] = now;
    },
    forwarded: () =>
      [old, modern, tight, inside].reduce((sum, { calls }) => sum + calls.length, 0) + shifty.called.length,
  };
};

const startRedirect = async (stage: Stage, to: string): Promise<string> => {
  const { createServer } = await import('node:http');
  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    request.resume();
    response.writeHead(307, { location: to }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.defer(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/mcp`;
};
