/** An MCP server over stdio that misbehaves on demand: the tool name says how. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cwd, env } from 'node:process';
import { createInterface } from 'node:readline';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly cursor?: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
    readonly _meta?: { readonly progressToken?: string };
  };
}

const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1];
const log = option('log');
const revision = option('revision') ?? '2025-06-18';
const seen: string[] = [];
/** Calls that wait for the answer to a question, by the id of the question. */
const waiting = new Map<string, unknown>();

const write = (text: string): void => {
  process.stdout.write(text);
};
const send = (message: object): void => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const answer = (id: unknown, text: string): void =>
  send({ id, result: { content: [{ type: 'text', text }] } });

const tools: Record<string, (message: Message) => void> = {
  echo: ({ id }) => answer(id, 'echo'),
  seen: ({ id }) => answer(id, JSON.stringify(seen)),
  pid: ({ id }) => answer(id, String(process.pid)),
  env: ({ id }) => answer(id, JSON.stringify({ env, cwd: cwd() })),
  die: () => process.exit(3),
  'answer-and-die': ({ id }) => {
    answer(id, 'last words');
    process.exit(0);
  },
  hang: () => {},
  late: ({ id }) => void setTimeout(() => answer(id, 'late'), 300),
  garbage: () => write('{"jsonrpc":"2.0","id":\n'),
  'duplicate-key': ({ id }) => write(`{"jsonrpc":"2.0","id":${id},"id":${id},"result":{}}\n`),
  banner: ({ id }) => {
    write('listening...\u0007 \n\n');
    answer(id, 'after the banner');
  },
  'wrong-id': ({ id }) => {
    answer(`${id}`, 'the id as a string');
    answer(4711, 'an id nobody used');
    send({ id: null, error: { code: -32700, message: 'no id' } });
    answer(id, 'right');
  },
  'two-answers': ({ id }) => {
    answer(id, 'first');
    answer(id, 'second');
  },
  partial: ({ id }) => {
    const text = JSON.stringify({ jsonrpc: '2.0', id, result: { text: 'ü' } });
    const bytes = Buffer.from(`${text}\n`);
    const half = bytes.indexOf(0xc3) + 1;
    process.stdout.write(bytes.subarray(0, half));
    setTimeout(() => process.stdout.write(bytes.subarray(half)), 20);
  },
  raw: ({ id }) =>
    write(`{"result": {"n": 1.50, "big":9223372036854775807} ,"jsonrpc":"2.0","id":${id}}\r\n`),
  'raw-error': ({ id }) => write(`{"jsonrpc":"2.0","id":${id},"error": {"code": -32000,"message":"no"}}\n`),
  big: ({ id }) => answer(id, 'x'.repeat(20_000)),
  endless: () => write('{"x":"'.padEnd(200_000, 'x')),
  'array-result': ({ id }) => send({ id, result: [] }),
  ask: ({ id }) => {
    send({ id: 'a', method: 'sampling/createMessage', params: {} });
    send({ id: 'b', method: 'roots/list' });
    send({ id: 'c', method: 'ping' });
    setTimeout(() => answer(id, JSON.stringify(seen)), 100);
  },
  question: ({ id, params }) => {
    const { questionId = 'q', ...rest } = params?.arguments ?? {};
    waiting.set(String(questionId), id);
    send({ id: questionId, method: 'elicitation/create', params: rest });
  },
  'late-question': (message) => void setTimeout(() => tools['question']?.(message), 100),
  flood: ({ id, params }) => {
    const progressToken = params?._meta?.progressToken;
    for (let progress = 1; progress <= 5_000; progress++) {
      send({ method: 'notifications/progress', params: { progressToken, progress } });
      send({ method: 'notifications/message', params: { level: 'info', data: 'x' } });
      send({ method: 'notifications/tools/list_changed' });
    }
    answer(id, 'flooded');
  },
  progress: ({ id, params }) => {
    const progressToken = params?._meta?.progressToken;
    send({ method: 'notifications/progress', params: { progressToken: 'other', progress: 9 } });
    send({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } });
    send({ method: 'notifications/progress', params: { progressToken, progress: 2 } });
    send({ method: 'notifications/message', params: { level: 'info', data: 'ignored' } });
    answer(id, 'done');
  },
  change: ({ id }) => {
    send({ method: 'notifications/tools/list_changed' });
    answer(id, 'changed');
  },
};

const listTools = ({ id, params }: Message): void => {
  const page = Number(params?.cursor ?? 0);
  const names = Object.keys(tools).slice(page * 10, page * 10 + 10);
  const nextCursor = (page + 1) * 10 < Object.keys(tools).length ? String(page + 1) : undefined;
  const list = names.map(
    (name) => `{"name":"${name}", "inputSchema":{"type":"object","maximum":9223372036854775807}}`,
  );
  write(`{"jsonrpc":"2.0","id":${id},"result":{"tools":[${list.join(' , ')}]`);
  write(`${nextCursor ? `,"nextCursor":"${nextCursor}"` : ''}}}\n`);
};

const take = (line: string): void => {
  seen.push(line);
  const message = JSON.parse(line) as Message;
  if (message.method === undefined && waiting.has(String(message.id))) {
    answer(waiting.get(String(message.id)), line);
    waiting.delete(String(message.id));
  }
  if (message.method === 'initialize') {
    send({
      id: message.id,
      result: {
        protocolVersion: revision,
        capabilities: { tools: {} },
        serverInfo: { name: 'f', version: '1' },
      },
    });
  } else if (message.method === 'tools/list') listTools(message);
  else if (message.method === 'tools/call') {
    if (log) appendFileSync(log, `${line}\n`);
    tools[message.params?.name ?? '']?.(message);
  } else if (message.method === 'server/discover' && option('probe') === 'die') process.exit(4);
  else if (message.id !== undefined && message.method && option('probe') !== 'silent')
    send({ id: message.id, error: { code: -32601, message: 'unknown' } });
};

if (option('exit')) process.exit(Number(option('exit')));
if (option('ignore-term')) {
  process.on('SIGTERM', () => process.stderr.write('SIGTERM ignored\n'));
  // Writing to nobody would end it.
  process.stderr.on('error', () => {});
  setInterval(() => {}, 1_000);
}
if (option('grandchild')) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  process.stderr.write(`grandchild ${child.pid}\n`);
}
createInterface({ input: process.stdin }).on('line', take);
