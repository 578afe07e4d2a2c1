import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { RELATED_TASK } from '../tasks.js';
import { SERVER_REQUEST_METHODS } from './client-capabilities.js';
import { type Behaviour, openStream, type TestServer } from './http-server.fixture.js';
import { call, open, response, serve } from './http-upstream.fixture.js';
import { QUESTIONS_MAX } from './questions.js';
import * as stdio from './stdio-upstream.fixture.js';
import type { CallAnswer, ServerRequest } from './upstream.types.js';
import { unknown } from './upstream-call.fixture.js';

const ALL = { serverRequests: SERVER_REQUEST_METHODS };
const ok = (json: object = { action: 'accept' }): CallAnswer => ({
  kind: 'result',
  bytes: Buffer.from(JSON.stringify(json)),
});
const question = (id: string | number, method = 'elicitation/create') =>
  `data: ${JSON.stringify({ jsonrpc: '2.0', id, method, params: { message: 'sure?' } })}\n\n`;

/** A server that writes `asked` on the stream of each call and answers once `answers` replies have come. */
const asking = async (asked: string, answers: number): Promise<TestServer> => {
  let waiting: { id: unknown; res: ServerResponse } | undefined;
  const replies = () =>
    server.received.filter(({ http, body, method }) => http === 'POST' && body && !method);
  const behaviour: Behaviour = {
    first: ({ http, method, id }, res) => {
      if (http !== 'POST' || method !== undefined || id === undefined) return false;
      res.writeHead(202).end();
      if (replies().length >= answers) waiting?.res.end(`data: ${response(waiting.id)}\n\n`);
      return true;
    },
    call: ({ id }, res) => {
      waiting = { id, res };
      openStream(res);
      res.write(asked);
    },
  };
  const server = await serve(behaviour);
  return server;
};
const repliesOf = (server: TestServer) =>
  server.received
    .filter(({ http, method, body }) => http === 'POST' && body && !method)
    .map(({ body }) => JSON.parse(body));

describe('a question on the stream of a call', () => {
  it('goes to that call, and its answer back once', async () => {
    const server = await asking(question('q-1') + question('q-1'), 1);
    const upstream = open(server.url, {}, {}, ALL);
    const asked: ServerRequest[] = [];
    await call(upstream, {
      onServerRequest: async (request) => {
        asked.push(request);
        return ok();
      },
    });
    expect(asked).toMatchObject([{ method: 'elicitation/create', params: { message: 'sure?' } }]);
    expect(Buffer.from(asked[0]?.paramsBytes ?? []).toString()).toBe('{"message":"sure?"}');
    expect(repliesOf(server)).toEqual([{ jsonrpc: '2.0', id: 'q-1', result: { action: 'accept' } }]);
    const initialize = server.received.find(({ method }) => method === 'initialize');
    expect(JSON.parse(initialize?.body ?? '').params.capabilities).toEqual({
      elicitation: { form: {}, url: {} },
      sampling: {},
      roots: {},
    });
  });

  it('is refused when it was not declared, when the call takes none, and when it is no question', async () => {
    const server = await asking(question(1) + question(2, 'roots/list') + question(3, 'tools/call'), 3);
    const undeclared = open(server.url, {}, {}, { serverRequests: ['sampling/createMessage'] });
    await call(undeclared, { onServerRequest: async () => ok() });
    const deaf = await asking(question(1), 1);
    await call(open(deaf.url, {}, {}, ALL));
    for (const { error } of [...repliesOf(server), ...repliesOf(deaf)]) expect(error.code).toBe(-32_601);
    expect([repliesOf(server).length, repliesOf(deaf).length]).toEqual([3, 1]);
  });

  it('answered with an error or a broken handler: an error goes back', async () => {
    const server = await asking(question(1) + question(2), 2);
    const bytes = Buffer.from('{"code":-1,"message":"declined"}');
    let count = 0;
    await call(open(server.url, {}, {}, ALL), {
      onServerRequest: async () => {
        count++;
        if (count === 1) return { kind: 'error', bytes };
        throw new Error('secret');
      },
    });
    expect(repliesOf(server).map(({ error }) => error.code)).toEqual(expect.arrayContaining([-1, -32_603]));
    expect(JSON.stringify(repliesOf(server))).not.toContain('secret');
  });

  it('stops the clock of the call while it is open', async () => {
    const server = await asking(question(1), 1);
    const answer = await call(open(server.url, {}, {}, ALL), {
      deadline_ms: 400,
      onServerRequest: async () => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        return ok();
      },
    });
    expect(answer.kind).toBe('result');
  });

  it('is one of at most so many; the rest is refused', async () => {
    const many = QUESTIONS_MAX + 5;
    const server = await asking(Array.from({ length: many }, (_, id) => question(id)).join(''), many);
    let asked = 0;
    await call(open(server.url, {}, {}, ALL), {
      onServerRequest: async () => {
        asked++;
        return ok();
      },
    });
    expect(asked).toBeLessThanOrEqual(QUESTIONS_MAX);
    expect(repliesOf(server).filter(({ error }) => error).length).toBe(many - asked);
  });

  it('that the server withdraws, or that outlives its call, is aborted and not answered', async () => {
    const withdrawn = `data: {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n\n`;
    const server = await asking(question(1) + withdrawn + question(2), 1);
    let asked = 0;
    await call(open(server.url, {}, {}, ALL), {
      onServerRequest: async ({ signal }) => {
        asked++;
        if (asked === 1)
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        return ok();
      },
    });
    expect(asked).toBe(2);
    expect(repliesOf(server).map(({ id }) => id)).toEqual([2]);
    const hanging = await asking(question(9), 1);
    const cancel = new AbortController();
    const ended = Promise.withResolvers<void>();
    const cancelled = call(open(hanging.url, {}, {}, ALL), {
      signal: cancel.signal,
      onServerRequest: async ({ signal }) => {
        setTimeout(() => cancel.abort(), 10);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        ended.resolve();
        return ok();
      },
    });
    await expect(cancelled).rejects.toThrow(unknown('cancelled'));
    await ended.promise;
    expect(repliesOf(hanging)).toEqual([]);
  });
});

describe('a question over stdio', () => {
  const ask = (upstream: ReturnType<typeof stdio.open>, name: string, options: object, questionId = 'q') =>
    stdio.call(upstream, name, options, { arguments: { questionId, message: 'sure?' } });
  const takes = { onServerRequest: async () => ok() };
  const text = ({ text: json }: { text: string }) => JSON.parse(json).content[0].text;

  it('goes to the only call under way', async () => {
    const upstream = stdio.open([], {}, undefined, ALL);
    expect(JSON.parse(text(await ask(upstream, 'question', takes)))).toMatchObject({
      id: 'q',
      result: { action: 'accept' },
    });
  });

  it.each([
    ['both take questions', takes],
    ['the other one takes none', {}],
  ])('is refused while two calls are under way: %s', async (_, other) => {
    const upstream = stdio.open([], {}, undefined, ALL);
    await stdio.call(upstream, 'echo');
    const [answer] = await Promise.all([
      ask(upstream, 'late-question', takes, 'a'),
      stdio.call(upstream, 'late', other),
    ]);
    expect(JSON.parse(text(answer)).error.code).toBe(-32_601);
  });

  it('about a task goes to whoever waits for that task, and to nobody else', async () => {
    const upstream = stdio.open([], {}, undefined, ALL);
    await stdio.call(upstream, 'echo');
    const about = (taskId: string) => ({ arguments: { _meta: { [RELATED_TASK]: { taskId } } } });
    const [answer] = await Promise.all([
      stdio.call(upstream, 'late-question', { ...takes, taskId: 'mine' }, about('mine')),
      stdio.call(upstream, 'late', takes),
    ]);
    expect(JSON.parse(text(answer)).result).toEqual({ action: 'accept' });
    const refused = await stdio.call(upstream, 'question', { ...takes, taskId: 'mine' }, about('other'));
    expect(JSON.parse(text(refused)).error.code).toBe(-32_601);
  });

  it('leaves the lists of the gateway out of account', async () => {
    const upstream = stdio.open([], {}, undefined, ALL);
    await stdio.call(upstream, 'echo');
    const [answer] = await Promise.all([
      ask(upstream, 'question', takes, 'a'),
      upstream.list('tools', new AbortController().signal),
    ]);
    expect(JSON.parse(text(answer)).result).toEqual({ action: 'accept' });
  });
});

describe('notifications of a request', () => {
  it('are passed on with the text of progress, and no flood of them', async () => {
    const upstream = stdio.open();
    let progress = 0;
    let messages = 0;
    let lists = 0;
    upstream.onListChanged(() => lists++);
    const options = {
      progressToken: 't',
      onProgress: () => progress++,
      onNotification: (method: string) => {
        if (method === 'notifications/message') messages++;
      },
    };
    const { kind } = await stdio.call(upstream, 'flood', options, { _meta: { progressToken: 't' } });
    expect(kind).toBe('result');
    expect(progress + messages).toBe(1_000);
    expect([progress, messages]).toEqual([500, 500]);
    expect(lists).toBeLessThan(100);
  });

  it('over stdio are dropped when nobody can tell whose they are', async () => {
    const upstream = stdio.open();
    await stdio.call(upstream, 'echo');
    const told: string[] = [];
    const onNotification = (method: string) => told.push(method);
    await Promise.all([
      stdio.call(upstream, 'late', { onNotification }),
      stdio.call(upstream, 'progress', { onNotification }),
    ]);
    expect(told).toEqual([]);
    await stdio.call(upstream, 'progress', { onNotification });
    expect(told).toEqual(['notifications/message']);
  });
});
