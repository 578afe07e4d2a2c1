import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answers,
  answersError,
  type Play,
  type RecordingServer,
  resultFor,
  startRecordingServer,
  stream,
} from '../../attack/recording-server.js';
import { type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { legacyClient, type Message, modernClient, type OpenStream } from './eras.fixture.js';

const STREAMS_MAX = 32;
const PARKED_MAX = 32;
const ROUNDS_MAX = 16;
const MESSAGES_MAX = 200;

const POLICY = `policy: 1
name: limits
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  risk-analyst: { groups: [BANK-RISK-ANALYST] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  use: { kind: read, tools: [old/read, new/read] }
  ask: { kind: read, methods: [old/elicitation/create, new/elicitation/create] }
rules:
  - { id: L-1, says: They read and may be asked., roles: [data-engineer, risk-analyst], allow: [use, ask], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
`;

const READ = { name: 'read', arguments: {} };
const FORM = { mode: 'form', message: 'Sure?', requestedSchema: { type: 'object', properties: {} } };
const FORMS = { elicitation: { form: {} } };
const LINKS = { elicitation: { url: {} } };
const LINK = 'https://bank.example/consent';

const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const codeOf = ({ error, result }: Message): unknown =>
  error?.data?.code ??
  (result?.['_meta'] as { readonly 'countersign/refusal'?: { readonly code: string } } | undefined)?.[
    'countersign/refusal'
  ]?.code;

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let old: RecordingServer;
let modern: RecordingServer;
beforeAll(async () => {
  stage = await openStage();
  [old, modern] = await Promise.all([
    startRecordingServer(stage, 'legacy'),
    startRecordingServer(stage, 'modern'),
  ]);
  const upstream = (name: string, url: string) => ({
    name,
    transport: 'http',
    url,
    server_requests: ['elicitation/create'],
  });
  system = await startPrivate(stage, {
    policy: POLICY,
    upstreams: [upstream('old', old.url), upstream('new', modern.url)],
  });
  ledger = await examiner(system);
}, 60_000);
afterAll(() => stage.close(), 30_000);

/** Asks one thing and waits for ever. */
const holds: Play = (_, response) =>
  stream(response, [event({ id: 'q', method: 'elicitation/create', params: FORM })], false);

it(`one person at one client has at most ${STREAMS_MAX} streams, of both eras together`, async () => {
  const modernOne = await modernClient(system, 'data-engineer', 'mcp/old');
  const legacyOne = await legacyClient(system, 'data-engineer', 'mcp/old');
  const listen = (): Promise<OpenStream> =>
    modernOne.open('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const half = Array.from({ length: STREAMS_MAX / 2 });
  const streams = await Promise.all([...half.map(listen), ...half.map(() => legacyOne.listen())]);
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  for (const refused of [await listen(), await legacyOne.listen()]) {
    expect(refused.status).toBe(429);
    refused.cut();
  }
  const other = await modernClient(system, 'risk-analyst', 'mcp/old');
  const foreign = await other.open('subscriptions/listen', { notifications: { toolsListChanged: true } });
  expect(foreign.status).toBe(200);
  streams[0]?.cut();
  await expect
    .poll(async () => {
      const again = await listen();
      streams.push(again);
      return again.status;
    })
    .toBe(200);
  for (const each of [...streams, foreign]) each.cut();
});

it(`at most ${PARKED_MAX} calls of one client wait for its answers, each of which holds a request upstream`, async () => {
  const client = await modernClient(system, 'data-engineer', 'mcp/old');
  const ask = (by: typeof client) => {
    old.next(holds);
    return by.call('tools/call', READ, FORMS);
  };
  const waiting = await Promise.all(Array.from({ length: PARKED_MAX }, () => ask(client)));
  expect(waiting.map(({ result }) => result?.['resultType'])).toEqual(
    Array.from({ length: PARKED_MAX }, () => 'input_required'),
  );
  expect(codeOf(await ask(client))).toBe('busy');
  const other = await modernClient(system, 'risk-analyst', 'mcp/old');
  expect((await ask(other)).result).toMatchObject({ resultType: 'input_required' });
});

it(`a modern server asks a legacy client in at most ${ROUNDS_MAX} rounds`, async () => {
  const client = await legacyClient(system, 'data-engineer', 'mcp/new', FORMS);
  const question = { q: { method: 'elicitation/create', params: FORM } };
  for (let round = 0; round < ROUNDS_MAX + 2; round++)
    modern.next(answers({ resultType: 'input_required', inputRequests: question, requestState: 's' }));
  const before = modern.calls.length;
  const waiting = await client.open('tools/call', READ);
  const asked = new Set<unknown>();
  for (;;) {
    const { id, method, ...end } = await waiting.next(({ id, result, error }) =>
      Boolean(result ?? error ?? !asked.has(id)),
    );
    if (method === undefined) {
      expect(codeOf(end)).toBe('question_unanswered');
      break;
    }
    asked.add(id);
    await client.send({ id, result: { action: 'accept', content: {} } });
  }
  expect(asked.size).toBe(ROUNDS_MAX);
  expect(modern.calls.length - before).toBe(1 + ROUNDS_MAX);
});

it(`a call brings its client at most ${MESSAGES_MAX} messages, the first ones, each on record`, async () => {
  const client = await legacyClient(system, 'data-engineer', 'mcp/old');
  const said = Array.from({ length: MESSAGES_MAX + 50 }, (_, data) =>
    event({ method: 'notifications/message', params: { level: 'info', data } }),
  );
  old.next((request, response) =>
    stream(response, [...said, `data: ${resultFor(request, { content: [] })}\n\n`]),
  );
  const waiting = await client.open('tools/call', READ);
  expect((await waiting.next(({ result }) => result !== undefined)).result).toEqual({ content: [] });
  const heard = waiting.messages().filter(({ method }) => method === 'notifications/message');
  expect(heard.map(({ params }) => params?.['data'])).toEqual(
    Array.from({ length: MESSAGES_MAX }, (_, data) => data),
  );
  const released = (await ledger.events()).filter(({ type }) => type === 'MessageReleased');
  expect(released).toHaveLength(MESSAGES_MAX);
});

describe('a link that an error wants opened (-32042), where policy lets the server ask', () => {
  const error = {
    code: -32042,
    message: 'Consent first',
    data: {
      elicitations: [{ mode: 'url', elicitationId: 'e', url: LINK, message: 'For 078-05-1120' }],
    },
  };

  it('reaches a legacy client, masked, and is on record as a question', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old', LINKS);
    old.next(answersError(error));
    const shown = await client.call('tools/call', READ);
    expect(shown.error).toMatchObject({
      code: -32042,
      data: { elicitations: [{ elicitationId: 'e', url: LINK, message: 'For [US_SSN]' }] },
    });
    const events = await ledger.events();
    const call = events.findLast(({ type }) => type === 'CallRequested')?.correlation;
    const asked = events.filter(({ type, correlation }) => type === 'InputRequested' && correlation === call);
    expect(asked.map(({ data }) => data)).toMatchObject([{ because: null, method: 'elicitation/create' }]);
  });

  it('reaches a modern client as an ordinary error', async () => {
    const client = await modernClient(system, 'data-engineer', 'mcp/old');
    old.next(answersError(error));
    const shown = await client.call('tools/call', READ, LINKS);
    expect(shown.error).toMatchObject({ code: -32603, data: { elicitations: [{ url: LINK }] } });
    expect(JSON.stringify(shown)).not.toContain('078-05-1120');
  });

  it('is not for a client that takes no links', async () => {
    const client = await legacyClient(system, 'data-engineer', 'mcp/old', FORMS);
    old.next(answersError(error));
    const shown = await client.call('tools/call', READ);
    expect(codeOf(shown)).toBe('upstream_invalid');
    expect(JSON.stringify(shown)).not.toContain(LINK);
  });
});
