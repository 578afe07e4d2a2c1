import { gzipSync } from 'node:zlib';
import { type Attack, type AttackClass, completed, failed, type Trace, unknown } from '../attack.js';
import { PERSONAL, SENTENCE } from '../personal-data.js';
import { answersError, type Heard, json, type Play, resultFor, stream } from '../recording-server.js';
import { RESULT_BYTES_MAX } from '../scene.js';
import { call, legacy, modern } from '../wire.js';

const result = (request: Heard, text = `done ${SENTENCE}`): string =>
  resultFor(request, { content: [{ type: 'text', text }] });
const event = (data: string): string => `event: message\ndata: ${data}\n\n`;
const notification = (method: string, params: object): string =>
  event(JSON.stringify({ jsonrpc: '2.0', method, params }));

/** The pieces of the stream; the answer must be there, masked. */
const taken = (title: string, pieces: (request: Heard) => readonly (string | Uint8Array)[]): Attack => ({
  title,
  before: ({ old }) => old.next((request, response) => stream(response, pieces(request))),
  send: (scene) => call(scene, 'read'),
  status: 200,
  trace: completed,
  forwards: 1,
  hidden: PERSONAL,
  shown: ['done'],
});
const played = (title: string, play: Play, code: string, trace: Trace): Attack => ({
  title,
  before: async (scene) => {
    // A good call in between: after five failures in a row the gateway would leave the server alone for a while.
    await call(scene, 'read');
    scene.old.next(play);
  },
  send: (scene) => call(scene, 'read'),
  status: 200,
  code,
  trace,
  forwards: 1,
  hidden: PERSONAL,
});
const lost = (
  title: string,
  pieces: (request: Heard) => readonly (string | Uint8Array)[],
  reason: string,
): Attack =>
  played(title, (request, response) => stream(response, pieces(request)), 'outcome_unknown', unknown(reason));
/** Whole answers that are not MCP. */
const garbage = (title: string, play: Play, reason = 'invalid_answer'): Attack =>
  played(title, play, 'outcome_unknown', unknown(reason));
const inPieces = (text: string, size: number): readonly Uint8Array[] => {
  const whole = Buffer.from(text);
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
    whole.subarray(index * size, (index + 1) * size),
  );
};
const ofModern = (title: string, play: Play, code: string, trace: Trace): Attack => ({
  ...played(title, play, code, trace),
  before: async (scene) => {
    await modern(scene, 'tools/call', { name: 'read', arguments: {} });
    scene.new.next(play);
  },
  send: (scene) => modern(scene, 'tools/call', { name: 'read', arguments: {} }),
});

const withLogs = (title: string, method: string, params: object, meta: object = {}): Attack => ({
  ...taken(title, () => []),
  before: ({ old }) =>
    old.next((request, response) => {
      const { _meta } = request.params as { _meta?: { progressToken?: string } };
      const filled =
        method === 'notifications/progress' ? { progressToken: _meta?.progressToken, ...params } : params;
      return stream(response, [notification(method, filled), event(result(request, 'done'))]);
    }),
  send: (scene) => legacy(scene, 'tools/call', { name: 'read', arguments: {}, _meta: meta }),
});

export const hostileStreams: AttackClass = {
  number: 5,
  title: 'event streams and answers of a hostile server',
  rule: 'one request has one answer, found in the frames and not in the packets; all else is masked or dropped, and on record',
  attacks: [
    taken('data over several lines', (request) => [
      `data: ${result(request).replace('"result"', '\ndata: "result"')}\n\n`,
    ]),
    taken('lines that end with CR', (request) => [event(result(request)).replaceAll('\n', '\r')]),
    taken('lines that end with CR LF, cut between the two', (request) => [
      `event: message\r`,
      `\ndata: ${result(request)}\r`,
      '\n\r',
      '\n',
    ]),
    taken('a frame in packets of 7 bytes', (request) => inPieces(event(result(request)), 7)),
    taken('personal data that is cut between packets', (request) => {
      const text = event(result(request));
      const middle = text.indexOf('mustermann') + 4;
      return [text.slice(0, middle), text.slice(middle)];
    }),
    taken('an event without a name or id', (request) => [`data:${result(request)}\n\n`]),
    taken('comments between the lines', (request) => [
      ': hello\n',
      `: ${SENTENCE}\ndata: ${result(request)}\n:\n\n`,
    ]),
    taken('a byte order mark before the stream', (request) => ['\ufeff', event(result(request))]),
    taken('the answer behind an event of another name', (request) => [
      `event: endpoint\ndata: ${SENTENCE}\n\n`,
      event(result(request)),
    ]),
    taken('the answer behind an answer to another id', (request) => [
      event(result({ ...request, id: 999_999 }, 'stolen')),
      event(result(request)),
    ]),
    {
      ...taken('two answers: the first one counts', (request) => [
        event(result(request)),
        event(result(request, 'second')),
      ]),
      hidden: [...PERSONAL, 'second'],
    },
    {
      ...taken('a result and an error: the first one counts', (request) => [
        event(result(request)),
        event(JSON.stringify({ jsonrpc: '2.0', id: request.id, error: { code: 1, message: 'second' } })),
      ]),
      hidden: [...PERSONAL, 'second'],
    },
    taken('notifications behind the answer', (request) => [
      event(result(request)),
      notification('notifications/message', { level: 'error', data: SENTENCE }),
    ]),
    withLogs('a log message with personal data', 'notifications/message', { level: 'error', data: SENTENCE }),
    withLogs('a log message with personal data in an object', 'notifications/message', {
      level: 'info',
      logger: 'x',
      data: { note: SENTENCE },
    }),
    withLogs(
      'progress with personal data',
      'notifications/progress',
      { progress: 1, message: SENTENCE },
      { progressToken: 'p' },
    ),
    withLogs(
      'progress with somebody else\u2019s token',
      'notifications/progress',
      { progressToken: 'other', progress: 1, message: SENTENCE },
      { progressToken: 'p' },
    ),
    withLogs('a notification that nobody knows', 'notifications/secret', { data: SENTENCE }),
    {
      ...taken('a flood of 2,000 log messages', (request) => [
        ...Array.from({ length: 20 }, () =>
          notification('notifications/message', { level: 'info', data: SENTENCE }).repeat(100),
        ),
        event(result(request, 'done')),
      ]),
      also: (_scene, { text }) => {
        const messages = text.split('notifications/message').length - 1;
        if (messages > 200) throw new Error(`${messages} messages were passed on`);
      },
    },
    lost(
      'an answer to another id only',
      (request) => [event(result({ ...request, id: 999_999 }))],
      'connection_lost',
    ),
    lost(
      'an answer whose id is the text of ours',
      (request) => [event(result({ ...request, id: String(request.id) }))],
      'connection_lost',
    ),
    lost('a stream that ends without an answer', () => [': nothing\n\n'], 'connection_lost'),
    lost(
      'a stream that ends inside the answer',
      (request) => [event(result(request)).slice(0, -20)],
      'connection_lost',
    ),
    lost(
      'a field that nobody knows',
      (request) => [`secret: x\ndata: ${result(request)}\n\n`],
      'invalid_answer',
    ),
    lost(
      'a malformed retry time',
      (request) => [`retry: soon\ndata: ${result(request)}\n\n`],
      'invalid_answer',
    ),
    lost('data that is not JSON', () => [event(SENTENCE)], 'invalid_answer'),
    lost(
      'an answer with a duplicate key',
      (request) => [event(result(request).replace('"result"', '"result":{},"result"'))],
      'invalid_answer',
    ),
    lost(
      'an answer with result and error',
      (request) => [event(result(request).replace('"result"', '"error":{"code":1,"message":"x"},"result"'))],
      'invalid_answer',
    ),
    lost('a batch of answers', (request) => [event(`[${result(request)}]`)], 'invalid_answer'),
    lost(
      'bytes that are not UTF-8',
      () => [Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a])],
      'invalid_answer',
    ),
    lost(
      '__proto__ in the answer',
      (request) => [event(result(request).replace('"content"', '"__proto__":{},"content"'))],
      'invalid_answer',
    ),
    played(
      'an event that never ends',
      (_request, response) => stream(response, [`data: ${'x'.repeat(2 * RESULT_BYTES_MAX)}`]),
      'result_too_large',
      failed('result_too_large'),
    ),
    played(
      'an event of endless lines',
      (_request, response) => stream(response, ['data: x\n'.repeat(RESULT_BYTES_MAX)]),
      'result_too_large',
      failed('result_too_large'),
    ),
    garbage('an answer to another id in JSON', (request, response) =>
      json(response, result({ ...request, id: 999_999 })),
    ),
    garbage(
      'HTML',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(SENTENCE),
    ),
    garbage('no media type', (request, response) => void response.writeHead(200).end(result(request))),
    garbage(
      'gzip that nobody asked for',
      (request, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(result(request))),
    ),
    garbage('two answers in one body', (request, response) =>
      json(response, result(request) + result(request)),
    ),
    garbage('an empty body', (_request, response) => json(response, '')),
    garbage('a result that is a list', (request, response) =>
      json(response, `{"jsonrpc":"2.0","id":${request.id},"result":[]}`),
    ),
    garbage(
      'a status of 500 with personal data',
      (_request, response) => void response.writeHead(500).end(SENTENCE),
      'http_status',
    ),
    garbage(
      'a status of 302',
      (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
      'http_status',
    ),
    played(
      'a status of 403 with personal data',
      (_request, response) =>
        void response
          .writeHead(403, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: SENTENCE })),
      'upstream_unavailable',
      failed('upstream_unavailable'),
    ),
    played('silence', () => undefined, 'upstream_timeout', unknown('timeout')),
    {
      ...taken('an error with personal data in its message and data', () => []),
      before: ({ old }) =>
        old.next(
          answersError({
            code: -32000,
            message: `done ${SENTENCE}`,
            data: { note: SENTENCE, list: [SENTENCE] },
          }),
        ),
    },
    ofModern(
      'a request of the server in the modern era',
      (_request, response) =>
        stream(response, [event('{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}')]),
      'outcome_unknown',
      unknown('invalid_answer'),
    ),
    ofModern(
      'a type of result that was not declared',
      (request, response) => json(response, resultFor(request, { resultType: 'task', taskId: 'x' })),
      'upstream_invalid',
      failed('upstream_invalid'),
    ),
    ofModern(
      'a type of result that nobody knows',
      (request, response) => json(response, resultFor(request, { resultType: 'redirect', to: SENTENCE })),
      'upstream_invalid',
      failed('upstream_invalid'),
    ),
  ],
};
