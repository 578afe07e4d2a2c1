import { posix } from 'node:path';
import type { SourceFile } from '../tidy/source-file.js';
import { firstCells } from './markdown.js';

/** Types of events that the code records: every `type: ..., v: 1`, also of a choice between two. */
export const eventTypesIn = (files: readonly SourceFile[]): readonly string[] => {
  const types = files.flatMap(({ text }) =>
    [...text.matchAll(/\btype:\s*([^{};]*?)[,;]\s*(?:readonly )?v:\s*\d/g)].flatMap(([, expression = '']) =>
      [...expression.matchAll(/'([A-Z]\w+)'/g)].map(([, type = '']) => type),
    ),
  );
  return [...new Set(types)].sort();
};

/** Differences between what a page lists in the first column of its tables and what there is. */
export const listProblems = (
  page: SourceFile,
  existing: readonly string[],
  isListed: RegExp,
): readonly string[] => {
  const listed = firstCells(page.text).filter((cell) => isListed.test(cell));
  return [
    ...existing.filter((name) => !listed.includes(name)).map((name) => `${page.path}: ${name} is missing`),
    ...listed
      .filter((name) => !existing.includes(name))
      .map((name) => `${page.path}: ${name} does not exist`),
    ...listed
      .filter((name, index) => listed.indexOf(name) !== index)
      .map((name) => `${page.path}: ${name} is listed twice`),
  ];
};

const PROMISES = ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9', 'G10'];
const TEST = /^- `([^`]+)`: (.+)$/gm;

/**
 * Problems of docs/guarantees.md: each promise has a section; a section names tests, as "- `file`: title", or says that
 * it is not promised yet; each test named exists under that title.
 */
export const guaranteeProblems = (page: string, files: readonly SourceFile[]): readonly string[] => {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const sections = new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split(' ')[0] ?? '', section]),
  );
  return PROMISES.flatMap((promise) => {
    const section = sections.get(promise);
    if (section === undefined) return [`${promise} has no section`];
    const tests = [...section.matchAll(TEST)].map(([, path = '', title = '']) => ({ path, title }));
    if (tests.length === 0 && !section.includes('**Not promised yet.**'))
      return [`${promise} is promised without a test`];
    return tests
      .filter(({ path, title }) => !hasTitle(texts.get(path) ?? '', title))
      .map(({ path, title }) => `${promise}: there is no test "${title}" in ${path}`);
  });
};

const hasTitle = (text: string, title: string): boolean =>
  ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`));

/** Relative links of a page that lead nowhere. Headings are looked up in the page they belong to. */
export const linkProblems = (page: SourceFile, files: readonly SourceFile[]): readonly string[] => {
  const paths = files.map(({ path }) => path);
  const exists = (target: string) =>
    paths.some((path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`));
  return [...withoutFences(page.text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file = '', heading] = link.split('#', 2);
    const target = file === '' ? page.path : posix.normalize(posix.join(posix.dirname(page.path), file));
    if (!exists(target)) return [`${page.path}: ${link} leads nowhere`];
    const text = files.find(({ path }) => path === target)?.text ?? '';
    return heading === undefined || headings(text).includes(heading)
      ? []
      : [`${page.path}: ${link}: no such heading`];
  });
};

const withoutFences = (text: string): string =>
  text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

const headings = (text: string): readonly string[] =>
  [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
