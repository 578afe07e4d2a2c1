import { describe, expect, it } from 'vitest';
import { canonicalFolder, compileWithin } from './folder.js';

describe('within', () => {
  it.each([
    ['/srv/exports', '/srv/exports/a.csv', true],
    ['/srv/exports', '/srv/exports', true],
    ['/srv/exports', '/srv/./exports//x/', true],
    ['/srv/exports', '/srv/exports2/a', false],
    ['/srv/exports', '/srv', false],
    ['/srv/exports', '/SRV/exports/a', false],
    ['/', '/etc/passwd', true],
    ['reports', 'reports/a', true],
    ['reports', 'report', false],
  ])('in %s, the path %s: %s', (folder, path, inside) => {
    expect(compileWithin(folder)(path)).toBe(inside);
  });

  it.each([
    '/srv/exports/../secret',
    '/srv/exports/..',
    'srv/exports/a',
    '',
    '/srv/exports/%2e%2e/x',
    '/srv/exports\\..\\x',
    '~/a',
    'file:///srv/exports/a',
    '/srv/exports/a\u0000b',
    '//srv/exports/a',
  ])('it cannot be told where %j leads', (path) => {
    expect(compileWithin('/srv/exports')(path)).toBeUndefined();
  });

  it('a folder has one canonical text, and folders with tricks have none', () => {
    expect(canonicalFolder('/srv//exports/./')).toBe('/srv/exports');
    expect(canonicalFolder('/')).toBe('/');
    expect(['', '.', '/a/..', 'C:/x'].map(canonicalFolder)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => compileWithin('/a/..')).toThrow(TypeError);
  });
});
