import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the repository; `path` is relative to its root, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage']);
const TEXT = new Set([
  '',
  '.ts',
  '.mjs',
  '.cjs',
  '.json',
  '.md',
  '.yaml',
  '.yml',
  '.conf',
  '.proto',
  '.sh',
  '.dockerignore',
]);

/** Every text file of the checkout, read once. */
export const readTree = (folder = ''): readonly SourceFile[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    // In a linked worktree .git is a file.
    if (NOT_OURS.has(entry.name)) return [];
    if (entry.isDirectory()) return readTree(path);
    const isText = TEXT.has(extname(entry.name)) && !entry.name.endsWith('.log');
    return isText ? [{ path, text: readFileSync(join(ROOT, path), 'utf8') }] : [];
  });

export const isTypeScript = (path: string): boolean => path.endsWith('.ts');
/** Code that only tests use: specs, what stands beside them for them, and everything under test/. */
export const isTest = (path: string): boolean =>
  path.startsWith('test/') || /\.(?:spec|fixture|samples)\.ts$/.test(path);

/**
 * The code without its comments, line numbers kept. Good enough for rules about words: a comment starts a line or
 * follows a space, so addresses inside strings stay.
 */
export const codeOf = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|\s)\/\/(?:\s.*|)$/gm, '$1');

/** Code whose strings are empty, line numbers kept: for rules about keywords that may also be words. */
export const withoutStrings = (code: string): string =>
  code.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, (text) =>
    text.replace(/[^\n]/g, ''),
  );

/** "path:line: what" for every match in the text. */
export const matches = (
  path: string,
  text: string,
  pattern: RegExp,
  what: (found: string) => string,
): readonly string[] =>
  [...text.matchAll(pattern)].map(
    (match) => `${path}:${lineOf(text, match.index)}: ${what(match[1] ?? match[0])}`,
  );

export const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;
