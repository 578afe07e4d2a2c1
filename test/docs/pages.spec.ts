import { describe, expect, it } from 'vitest';
import { configSchema } from '#config/config.schema.js';
import { dependenciesOf } from '../tidy/repository-rules.js';
import { isTest, readTree, type SourceFile } from '../tidy/source-file.js';
import { yamlExamples } from './fences.js';
import { eventTypesIn, guaranteeProblems, linkProblems, listProblems } from './page-checks.js';
import { PAGES } from './pages.js';
import { settings } from './settings.js';

const tree = readTree();

const page = (path: string): SourceFile => {
  const found = tree.find((file) => file.path === path);
  if (found === undefined) throw new Error(`${path} is missing`);
  return found;
};

describe('the documentation', () => {
  for (const [path, write] of Object.entries(PAGES)) {
    it(`${path} is what the code says; else run: node dist/test/docs/write-pages.js`, () => {
      expect(page(path).text).toBe(write());
    });
  }

  it('docs/events.md lists every event type, and no other', () => {
    const product = tree.filter(({ path }) => /^(?:apps|libs)\/.*\.ts$/.test(path) && !isTest(path));
    expect(listProblems(page('docs/events.md'), eventTypesIn(product), /^[A-Z]\w+$/)).toEqual([]);
  });

  it('docs/dependencies.md gives the reason of every direct dependency, and of no other', () => {
    const names = [...dependenciesOf(page('package.json').text).keys()];
    expect(listProblems(page('docs/dependencies.md'), names, /^(?!package$)/)).toEqual([]);
  });

  it('docs/guarantees.md names for each promise the tests that hold it', () => {
    expect(guaranteeProblems(page('docs/guarantees.md').text, tree)).toEqual([]);
  });

  it('shows settings of approvals that the configuration takes as they are', () => {
    const examples = yamlExamples(page('docs/approvals.md').text, 'approvals');
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const approvals of examples)
      expect(() => configSchema.parse({ policy_file: 'policy.yaml', approvals })).not.toThrow();
  });

  it('links lead somewhere', () => {
    const pages = tree.filter(({ path }) => path.endsWith('.md'));
    expect(pages.flatMap((one) => linkProblems(one, tree))).toEqual([]);
  });

  it('every setting says what it means', () => {
    expect(
      settings()
        .filter(({ schema }) => schema.description === undefined)
        .map(({ path }) => path),
    ).toEqual([]);
  });

  it('decision records are numbered without a gap and say status, context, decision and consequences', () => {
    const records = tree
      .filter(({ path }) => path.startsWith('docs/adr/'))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(records.map(({ path }) => Number(/adr\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1]))).toEqual(
      records.map((_, index) => index + 1),
    );
    for (const part of ['Status: ', '## Context', '## Decision', '## Consequences']) {
      expect(
        records.filter(({ text }) => !text.includes(part)).map(({ path }) => `${path}: ${part}`),
      ).toEqual([]);
    }
  });
});
