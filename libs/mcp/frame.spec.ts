import { describe, expect, it } from 'vitest';
import { type Frame, readFrame } from './frame.js';
import { errorFrame, notificationFrame, rawErrorFrame, requestFrame, resultFrame } from './frame-write.js';
import { refusalOf } from './refusal.fixture.js';

const LIMITS = { bytes_max: 10_000, depth_max: 64, members_max: 1_000 };
const read = (text: string): Frame => readFrame(Buffer.from(text), LIMITS);
const refusal = (text: string): string => refusalOf(() => read(text))?.code ?? 'accepted';
const request = (members: string) => `{"jsonrpc":"2.0",${members}}`;

describe('readFrame', () => {
  it('reads a request and keeps the bytes of params as they were sent', () => {
    const frame = read(request('"id":7,"method":"tools/call","params": {"b":1.0, "a":"x"} '));
    expect(frame).toMatchObject({ kind: 'request', id: 7, method: 'tools/call', params: { b: 1, a: 'x' } });
    expect(frame.kind === 'request' && Buffer.from(frame.paramsBytes).toString()).toBe('{"b":1.0, "a":"x"}');
  });

  it('reads a request without params as one with empty params', () => {
    const frame = read(request('"id":"a","method":"ping"'));
    expect(frame).toMatchObject({ kind: 'request', id: 'a', params: {} });
    expect(frame.kind === 'request' && Buffer.from(frame.paramsBytes).toString()).toBe('{}');
  });

  it('reads a notification', () => {
    expect(read(request('"method":"notifications/initialized"'))).toMatchObject({ kind: 'notification' });
  });

  it('reads responses and keeps the bytes of result or error', () => {
    const result = read('{"result":{"n":1.50},"id":1,"jsonrpc":"2.0"}');
    expect(result).toMatchObject({ kind: 'response', id: 1, outcome: 'result' });
    expect(result.kind === 'response' && Buffer.from(result.bytes).toString()).toBe('{"n":1.50}');
    const error = read(request('"id":null,"error":{"code":-1,"message":"m"}'));
    expect(error).toMatchObject({ kind: 'response', id: null, outcome: 'error' });
  });

  it('turns -0 into 0 in params and id', () => {
    expect(read(request('"id":-0,"method":"m","params":{"a":-0}'))).toStrictEqual({
      kind: 'request',
      id: 0,
      method: 'm',
      params: { a: 0 },
      paramsBytes: Buffer.from('{"a":-0}'),
    });
  });

  it.each([
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'frame_invalid'],
    ['an empty batch', '[]', 'frame_invalid'],
    ['a scalar', '"ping"', 'frame_invalid'],
    ['no jsonrpc', '{"id":1,"method":"ping"}', 'frame_invalid'],
    ['jsonrpc 1.0', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 'frame_invalid'],
    ['jsonrpc as a number', '{"jsonrpc":2.0,"id":1,"method":"ping"}', 'frame_invalid'],
    ['a null id', request('"id":null,"method":"ping"'), 'frame_invalid'],
    ['a fractional id', request('"id":1.5,"method":"ping"'), 'frame_invalid'],
    ['an id of 1.0, which would come back as 1', request('"id":1.0,"method":"ping"'), 'frame_invalid'],
    ['an id of 1e3', request('"id":1e3,"method":"ping"'), 'frame_invalid'],
    ['an id of 2^53, which is not safe', request('"id":9007199254740992,"method":"ping"'), 'frame_invalid'],
    ['an id object', request('"id":{},"method":"ping"'), 'frame_invalid'],
    ['a boolean id', request('"id":true,"method":"ping"'), 'frame_invalid'],
    ['an id of 257 characters', request(`"id":"${'x'.repeat(257)}","method":"ping"`), 'frame_invalid'],
    ['an empty method', request('"id":1,"method":""'), 'frame_invalid'],
    ['a method of 129 characters', request(`"id":1,"method":"${'m'.repeat(129)}"`), 'frame_invalid'],
    ['a method with a line break', request('"id":1,"method":"a\\nb"'), 'frame_invalid'],
    ['a method that is not a string', request('"id":1,"method":{}'), 'frame_invalid'],
    ['an unknown member', request('"id":1,"method":"ping","extra":1'), 'frame_invalid'],
    ['method only in another case', request('"id":1,"Method":"ping"'), 'frame_invalid'],
    ['method and Method', request('"id":1,"method":"ping","Method":"tools/call"'), 'json_malformed'],
    [
      'params and param\u017f',
      request('"id":1,"method":"ping","params":{},"param\u017f":{}'),
      'json_malformed',
    ],
    ['id and \u0130d', request('"id":1,"method":"ping","\u0130d":2'), 'frame_invalid'],
    [
      'name and NAME in params',
      request('"id":1,"method":"m","params":{"name":"a","NAME":"b"}'),
      'json_malformed',
    ],
    [
      'name and a full-width name in params',
      request('"id":1,"method":"m","params":{"name":"a","\uff4eame":"b"}'),
      'json_malformed',
    ],
    [
      'k and the Kelvin sign in params',
      request('"id":1,"method":"m","params":{"k":"a","\u212a":"b"}'),
      'json_malformed',
    ],
    [
      'i and the dotless i in params',
      request('"id":1,"method":"m","params":{"i":"a","\u0131":"b"}'),
      'json_malformed',
    ],
    ['method twice', request('"id":1,"method":"ping","method":"ping"'), 'json_malformed'],
    ['params as an array', request('"id":1,"method":"m","params":[1]'), 'params_invalid'],
    ['params null', request('"id":1,"method":"m","params":null'), 'params_invalid'],
    ['method beside result', request('"id":1,"method":"m","result":{}'), 'frame_invalid'],
    ['result beside error', request('"id":1,"result":{},"error":{}'), 'frame_invalid'],
    ['neither', request('"id":1'), 'frame_invalid'],
    ['a result without id', request('"result":{}'), 'frame_invalid'],
    ['a result that is not an object', request('"id":1,"result":[]'), 'frame_invalid'],
    ['a response with params', request('"id":1,"result":{},"params":{}'), 'frame_invalid'],
    ['trailing data', `${request('"id":1,"method":"ping"')}{}`, 'json_malformed'],
  ])('refuses %s', (_, text, code) => {
    expect(refusal(text)).toBe(code);
  });

  it('allows keys that differ only by case below params, where tools name their own arguments', () => {
    expect(refusal(request('"id":1,"method":"m","params":{"arguments":{"n":1,"N":2}}'))).toBe('accepted');
  });
});

describe('writing frames', () => {
  it('puts result bytes into a response untouched', () => {
    const bytes = Buffer.from('{"a": 1.00 ,"ü":"\\u00e4"}');
    const frame = resultFrame('id "ü"', bytes);
    expect(Buffer.from(frame).includes(bytes)).toBe(true);
    expect(read(Buffer.from(frame).toString())).toMatchObject({
      kind: 'response',
      id: 'id "ü"',
      outcome: 'result',
    });
  });

  it('puts params and error bytes into a frame untouched', () => {
    expect(Buffer.from(requestFrame(3, 'tools/call', Buffer.from('{"x":1.0}'))).toString()).toBe(
      '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"x":1.0}}',
    );
    expect(Buffer.from(rawErrorFrame(3, Buffer.from('{"code":1.0}'))).toString()).toBe(
      '{"jsonrpc":"2.0","id":3,"error":{"code":1.0}}',
    );
  });

  it('writes an error with its sentence, the detail, the code and the next step', () => {
    expect(
      JSON.parse(Buffer.from(errorFrame(null, 'frame_invalid', 'the id is null', { call: 'c1' })).toString()),
    ).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: {
        code: -32600,
        message: 'The body is not a JSON-RPC 2.0 request that MCP allows. (the id is null)',
        data: { call: 'c1', code: 'frame_invalid', next: expect.stringContaining('single request') },
      },
    });
  });

  it('writes notifications with and without params', () => {
    expect(Buffer.from(notificationFrame('a/b')).toString()).toBe('{"jsonrpc":"2.0","method":"a/b"}');
    expect(read(Buffer.from(notificationFrame('a/b', { c: 1 })).toString())).toMatchObject({
      params: { c: 1 },
    });
  });
});
