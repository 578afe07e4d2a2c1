import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import {
  decodeHeaderValue,
  encodeHeaderValue,
  mcpNameHeader,
  mcpParamHeaders,
  mirroredParams,
  paramHeadersProblem,
} from './param-headers.js';

const annotated = (name: unknown, type: unknown = 'string') => ({ type, 'x-mcp-header': name });
const tool = (properties: object) => ({ type: 'object', properties });

describe('x-mcp-header in a tool definition', () => {
  it('is found on properties at any depth', () => {
    const schema = tool({ a: annotated('A'), b: tool({ c: annotated('C', 'integer') }) });
    expect(mirroredParams(schema)).toEqual([
      { header: 'Mcp-Param-A', path: ['a'], type: 'string' },
      { header: 'Mcp-Param-C', path: ['b', 'c'], type: 'integer' },
    ]);
  });

  it('is not confused by parameters with the names of keywords, or by values', () => {
    const schema = tool({
      properties: annotated('P'),
      items: annotated('I', 'boolean'),
      'x-mcp-header': { type: 'string' },
      other: { default: annotated('no'), enum: [annotated('no')] },
    });
    expect(mirroredParams(schema).map(({ header }) => header)).toEqual(['Mcp-Param-P', 'Mcp-Param-I']);
  });

  it.each<[string, unknown]>([
    ['empty', tool({ a: annotated('') })],
    ['no string', tool({ a: annotated(7) })],
    ['with a blank', tool({ a: annotated('a b') })],
    ['with a line break', tool({ a: annotated('a\r\nb') })],
    ['with a colon', tool({ a: annotated('a:b') })],
    ['beyond ASCII', tool({ a: annotated('ä') })],
    ['used twice, whatever the case', tool({ a: annotated('X'), b: annotated('x') })],
    ['on a number', tool({ a: annotated('A', 'number') })],
    ['on an object', tool({ a: annotated('A', 'object') })],
    ['on null', tool({ a: annotated('A', 'null') })],
    ['on several types', tool({ a: annotated('A', ['string']) })],
    ['without a type', tool({ a: { 'x-mcp-header': 'A' } })],
    ['on the root', { ...tool({}), 'x-mcp-header': 'A' }],
    ['inside items', tool({ a: { type: 'array', items: annotated('A') } })],
    ['inside oneOf', { ...tool({}), oneOf: [tool({ a: annotated('A') })] }],
    ['inside else', { ...tool({}), else: tool({ a: annotated('A') }) }],
    ['inside $defs', { ...tool({}), $defs: { d: annotated('A') } }],
    ['inside patternProperties', { ...tool({}), patternProperties: { '^a': annotated('A') } }],
    ['below an unknown keyword', { ...tool({}), whatever: { properties: { a: annotated('A') } } }],
  ])('%s makes the tool invalid', (_, schema) => {
    expect(paramHeadersProblem(schema)).toBeTypeOf('string');
  });

  it('absent: nothing is wrong', () => {
    expect(paramHeadersProblem(tool({ a: { type: 'number' } }))).toBeUndefined();
    expect(paramHeadersProblem(undefined)).toBeUndefined();
  });

  it('in a schema as deep as no parser should follow: invalid, without running out of stack', () => {
    let schema: object = annotated('A');
    for (let depth = 0; depth < 10_000; depth++) schema = tool({ a: schema });
    expect(paramHeadersProblem(schema)).toContain('deep');
  });
});

describe('the headers of a call', () => {
  const schema = tool({
    s: annotated('S'),
    i: annotated('I', 'integer'),
    b: annotated('B', 'boolean'),
    n: tool({ s: annotated('N') }),
  });

  it('carry each annotated value as text', () => {
    expect(mcpParamHeaders(schema, { s: 'x', i: -7, b: false, n: { s: 'y' }, other: 'z' })).toEqual({
      'Mcp-Param-S': 'x',
      'Mcp-Param-I': '-7',
      'Mcp-Param-B': 'false',
      'Mcp-Param-N': 'y',
    });
  });

  it('leave out what is absent or null, and what only a prototype has', () => {
    expect(mcpParamHeaders(schema, { s: null, n: {} })).toEqual({});
    expect(mcpParamHeaders(tool({ toString: annotated('T') }), {})).toEqual({});
  });

  it.each<JsonObject>([{ s: 1 }, { i: 1.5 }, { i: 2 ** 53 }, { i: '1' }, { b: 'true' }, { s: { a: 1 } }])(
    'do not exist for %j: the value is not of the declared type',
    (args) => {
      expect(() => mcpParamHeaders(schema, args)).toThrow(TypeError);
    },
  );
});

describe('a header value', () => {
  it.each([
    ['us-west1', 'us-west1'],
    ['a b\tc', 'a b\tc'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['', '=?base64??='],
    ['a\r\nX-Evil: 1', '=?base64?YQ0KWC1FdmlsOiAx?='],
    ['=?BASE64?x?=', '=?BASE64?x?='],
  ])('of %j is %j, and back', (text, value) => {
    expect(encodeHeaderValue(text)).toBe(value);
    expect(mcpNameHeader(text)).toBe(value);
    expect(decodeHeaderValue(value)).toBe(text);
  });

  it.each(['=?base64?SGk?=', '=?base64?S Gk=?=', '=?base64?SGl=?=', '=?base64?/w==?=', 'ü', ' a', 'a\u0000'])(
    '%j is none',
    (value) => {
      expect(decodeHeaderValue(value)).toBeUndefined();
    },
  );
});
