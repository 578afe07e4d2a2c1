import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../evidence/canonical-json.js';
import { GOVERNED_METHODS, isGovernedMethod, NAMED_METHODS, targetOf } from './target.js';

const URI = 'test://t/1';
const refTo = (type: string, key: string, value: string) => ({ ref: { type, [key]: value } });

describe('the target of a request', () => {
  it.each<[string, string, JsonObject, string, string, JsonObject]>([
    ['a tool', 'tools/call', { name: 'get', arguments: { id: 1 }, _meta: {} }, 'tool', 'get', { id: 1 }],
    ['a tool without arguments', 'tools/call', { name: 'get' }, 'tool', 'get', {}],
    ['a prompt', 'prompts/get', { name: 'letter', arguments: { to: 'x' } }, 'prompt', 'letter', { to: 'x' }],
    ['a resource', 'resources/read', { uri: URI, requestState: 's' }, 'resource', URI, { uri: URI }],
    ['a resource to watch', 'resources/subscribe', { uri: URI }, 'resource', URI, { uri: URI }],
    ['a resource no longer to watch', 'resources/unsubscribe', { uri: URI }, 'resource', URI, { uri: URI }],
    [
      'the prompt that is completed',
      'completion/complete',
      refTo('ref/prompt', 'name', 'letter'),
      'prompt',
      'letter',
      {},
    ],
    [
      'the template that is completed',
      'completion/complete',
      { ...refTo('ref/resource', 'uri', 'test://t/{id}'), context: { arguments: { a: '1' } } },
      'resource',
      'test://t/{id}',
      { a: '1' },
    ],
    [
      'any other method, without its envelope',
      'tasks/update',
      { taskId: 't', _meta: { a: 1 }, requestState: 's', inputResponses: { a: {} } },
      'method',
      'tasks/update',
      { taskId: 't' },
    ],
  ])('is %s', (_, method, params, kind, name, args) => {
    expect(targetOf(method, params)).toEqual({ kind, name, args });
  });

  it.each<[string, string, JsonObject]>([
    ['a tool without a name', 'tools/call', {}],
    ['a tool with an empty name', 'tools/call', { name: '' }],
    ['a tool whose name is no text', 'tools/call', { name: 1 }],
    ['arguments that are a list', 'tools/call', { name: 'get', arguments: [] }],
    ['arguments that are null', 'prompts/get', { name: 'letter', arguments: null }],
    ['a resource without a URI', 'resources/read', {}],
    ['a resource with a URI that can be read in two ways', 'resources/read', { uri: 'test://a/../b' }],
    ['a completion of nothing', 'completion/complete', {}],
    ['a completion of something unknown', 'completion/complete', refTo('ref/tool', 'name', 'get')],
    [
      'a completion with a context that is none',
      'completion/complete',
      { ...refTo('ref/prompt', 'name', 'a'), context: 1 },
    ],
    ['a list', 'tools/list', {}],
    ['a method that nobody knows', 'toString', {}],
  ])('is none for %s', (_, method, params) => {
    expect(targetOf(method, params)).toBeUndefined();
  });

  it('is a method for each that is decided on by its own name', () => {
    for (const method of NAMED_METHODS)
      expect(targetOf(method, {})).toEqual({ kind: 'method', name: method, args: {} });
    expect(GOVERNED_METHODS.every(isGovernedMethod)).toBe(true);
    expect(isGovernedMethod('initialize')).toBe(false);
  });
});
