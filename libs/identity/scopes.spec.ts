import { describe, expect, it } from 'vitest';
import { missingScopes, requiredScopes, ScopeMissing, type ScopeOptions, supportedScopes } from './scopes.js';

const SCOPES: ScopeOptions = {
  mcp: ['mcp'],
  rest: ['console'],
  servers: {
    'core-banking': { read: ['bank.read'], write: ['bank.write', 'bank.read'] },
    warehouse: { read: ['dwh.read'], write: [] },
  },
  implies: { 'bank.admin': ['bank.write'], 'bank.write': ['bank.read'], 'bank.read': ['bank.write'] },
};

describe('required scopes', () => {
  it.each<[string | undefined, 'read' | 'write' | undefined, readonly string[]]>([
    [undefined, undefined, ['mcp']],
    ['core-banking', undefined, ['mcp']],
    ['core-banking', 'read', ['mcp', 'bank.read']],
    ['core-banking', 'write', ['mcp', 'bank.write', 'bank.read']],
    ['unknown', 'write', ['mcp']],
    ['constructor', 'write', ['mcp']],
  ])('of an operation are all at once: %s %s', (server, kind, expected) => {
    expect(requiredScopes(SCOPES, server, kind)).toEqual(expected);
  });

  it('that an endpoint announces are those of its server, at the united endpoint those of all', () => {
    expect(supportedScopes(SCOPES, 'warehouse')).toEqual(['mcp', 'dwh.read']);
    expect(supportedScopes(SCOPES, undefined)).toEqual(['mcp', 'bank.read', 'bank.write', 'dwh.read']);
  });
});

describe('missing scopes', () => {
  const missing = (scopes: readonly string[], required: readonly string[]) =>
    missingScopes({ scopes }, required, SCOPES.implies);

  it('are those neither granted nor implied, through several steps and around cycles', () => {
    expect(missing(['bank.admin'], ['bank.read', 'bank.write'])).toEqual([]);
    expect(missing(['bank.write'], ['bank.admin', 'bank.read'])).toEqual(['bank.admin']);
    expect(missing([], ['mcp', 'bank.read'])).toEqual(['mcp', 'bank.read']);
  });

  it('are compared as written: case and prefixes make another scope', () => {
    expect(missing(['MCP', 'mc', 'mcp2'], ['mcp'])).toEqual(['mcp']);
  });

  it('are told with everything that is needed', () => {
    expect(new ScopeMissing(['mcp', 'bank.write'])).toMatchObject({
      code: 'scope_missing',
      scopes: ['mcp', 'bank.write'],
    });
  });
});
