import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.js';
import { checkResourceUri, URI_CHARS_MAX, uriPatternProblem, uriProblem } from './resource-uri.js';

describe('a resource URI', () => {
  it.each([
    'file:///reports/2026.csv',
    'file:///C:/reports/a.b..c',
    'demo://resource/static/document/architecture.md',
    'test://t/{id}',
    'test://t/{+path}{?q,r}',
    'test://host?q=1&r=a.b#part',
    'urn:isbn:0451450523',
    'proxy://cache/https://bank.example/x',
    'file:///My%20Documents/%C3%A9t%C3%A9',
    'test://t/a%3Ab',
    'memo://Insights',
    'a:',
    `a:${'x'.repeat(URI_CHARS_MAX - 2)}`,
  ])('is taken as it is: %s', (uri) => {
    expect(uriProblem(uri)).toBeUndefined();
    expect(() => checkResourceUri(uri)).not.toThrow();
  });

  it.each([
    ['nothing', ''],
    ['no scheme', 'reports/2026.csv'],
    ['a scheme in capitals', 'FILE:///reports'],
    ['more than 2,048 characters', `a:${'x'.repeat(URI_CHARS_MAX - 1)}`],
    ['a blank', 'file:///my reports'],
    ['a line break', 'file:///a\nb'],
    ['a zero byte', 'file:///a\0'],
    ['a delete character', 'file:///a\x7f'],
    ['a letter outside ASCII', 'file:///\u00e9'],
    ['a backslash', 'file:///a\\b'],
    ['a dot segment', 'file:///a/./b'],
    ['a parent segment', 'file:///a/../b'],
    ['a parent segment at the end', 'file:///a/..'],
    ['a parent segment before a query', 'file:///a/..?b'],
    ['a parent segment with parameters', 'file:///a/..;x/b'],
    ['a parent segment behind the scheme', 'file:../b'],
    ['a parent segment in a query', 'file:///a?path=../b'],
    ['an encoded dot', 'file:///a/%2e./b'],
    ['an encoded dot in capitals', 'file:///a/%2E%2E/b'],
    ['a dot encoded twice', 'file:///a/%252e%252e/b'],
    ['a dot encoded three times', 'file:///a/%25252e/b'],
    ['an encoded slash', 'file:///a%2Fb'],
    ['an encoded slash in small letters', 'file:///a%2fb'],
    ['an encoded backslash', 'file:///a%5Cb'],
    ['an encoded zero byte', 'file:///a%00'],
    ['an encoded line break', 'file:///a%0A'],
    ['a letter that is encoded', 'file:///%73ecret'],
    ['small letters in an escape', 'file:///%c3%a9'],
    ['a percent sign alone', 'file:///100%'],
    ['an escape that is none', 'file:///%zz'],
    ['an empty segment', 'file:///a//b'],
    ['four slashes', 'file:////a'],
  ])('is refused for %s', (_, uri) => {
    expect(uriProblem(uri)).toBeDefined();
    expect(() => checkResourceUri(uri)).toThrow(CountersignError);
  });

  it('is refused without being repeated, since it may hold personal data', () => {
    try {
      checkResourceUri('file:///accounts/../123-45-6789');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'params_invalid' });
      expect((error as CountersignError).detail).not.toContain('123-45-6789');
    }
  });

  it('that is taken leads to the same place for a reader that decodes and resolves it', () => {
    const piece = fc.constantFrom(
      'a',
      '..',
      '.',
      '/',
      '//',
      '%2e',
      '%2F',
      '%41',
      '%20',
      '%25',
      '2e',
      ';',
      '?',
      '*',
    );
    const decoded = (text: string): string =>
      text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    const read = (uri: string): string => decoded(decoded(new URL(uri).pathname));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const uri = `file:///x${pieces.join('')}`;
        if (uriProblem(uri) !== undefined) return;
        const path = uri.slice('file://'.length).split('?')[0] ?? '';
        // Once decoded, twice decoded and resolved: the segments stay as many as they were written.
        expect(read(uri).split('/').length).toBe(path.split('/').length);
        expect(read(uri).split('/')).not.toContain('..');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a pattern for resource URIs', () => {
  it('is spelled like a URI, or begins with a star', () => {
    expect(uriPatternProblem('file:///reports/*')).toBeUndefined();
    expect(uriPatternProblem('*')).toBeUndefined();
    expect(uriPatternProblem('*.csv')).toBeUndefined();
    expect(uriPatternProblem('reports/*')).toBeDefined();
    expect(uriPatternProblem('*/../a')).toBeDefined();
  });
});
