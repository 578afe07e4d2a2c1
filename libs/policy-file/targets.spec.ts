import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NAMED_METHODS } from '#core/call/target.js';
import type { Json } from '#core/evidence/canonical-json.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import { decidePolicy } from '#core/policy/decide-policy.js';
import { indexPolicy } from '#core/policy/index-policy.js';
import { BRANCH } from './examples/branch.fixture.js';
import { type Mistake, problemsOf } from './examples/mistakes.fixture.js';
import { parsePolicyFile } from './parse-policy-file.js';

const parse = (text: string) => parsePolicyFile(text, 'policy.yaml');
const replaced = ([from, to]: Mistake[1]): string => {
  if (!BRANCH.includes(from)) throw new Error(`not in the example: ${from}`);
  return BRANCH.replace(from, () => to);
};

describe('a policy over prompts, resources and methods', () => {
  it('is the one of the documentation', () => {
    const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`yaml\n${BRANCH}\`\`\`\n`);
  });

  it('loads without a warning, and its tests hold', () => {
    const { bundle, warnings } = parse(BRANCH);
    expect(warnings).toEqual([]);
    expect(bundle.tests.map(({ kind, server, tool, args }) => [kind, server, tool, args])).toEqual([
      [undefined, 'documents', 'search', {}],
      ['prompt', 'documents', 'summarise', { language: 'en' }],
      ['resource', 'documents', 'file:///statements/2026/11.csv', { uri: 'file:///statements/2026/11.csv' }],
      [
        'resource',
        'documents',
        'file:///statements/secret/11.csv',
        { uri: 'file:///statements/secret/11.csv' },
      ],
      ['resource', 'documents', 'file:///board/minutes.md', { uri: 'file:///board/minutes.md' }],
      ['resource', 'documents', 'file:///elsewhere', { uri: 'file:///elsewhere' }],
      ['method', 'documents', 'elicitation/create', {}],
      ['method', 'documents', 'logging/setLevel', { level: 'debug' }],
    ]);
  });

  it('keeps only the lists that the file has, sorted, and survives canonical JSON', () => {
    const { bundle } = parse(BRANCH);
    expect(bundle.operations).toEqual({
      'documents.use': { kind: 'read', tools: ['documents/search'], prompts: ['documents/summarise'] },
      'statements.read': { kind: 'read', tools: [], resources: ['documents/file:///statements/*'] },
      'minutes.read': { kind: 'read', tools: [], resources: ['documents/file:///board/minutes.md'] },
      'documents.ask': {
        kind: 'read',
        tools: [],
        methods: ['documents/elicitation/create', 'documents/logging/setLevel'],
      },
    });
    const back = JSON.parse(canonicalJson(bundle as unknown as Json));
    expect(indexPolicy(back).bundle).toEqual(bundle);
  });

  it('sees the URI of a resource as an argument', () => {
    const policy = indexPolicy(parse(BRANCH).bundle);
    const decide = (uri: string) =>
      decidePolicy(policy, {
        groups: ['CLERKS'],
        kind: 'resource',
        server: 'documents',
        tool: uri,
        args: { uri },
        token: {},
        now: '2026-11-02T12:00:00Z',
      });
    expect(decide('file:///statements/2026/11.csv')).toMatchObject({ effect: 'allow', rules: ['B-1'] });
    expect(decide('file:///statements/secret/11.csv')).toMatchObject({ effect: 'deny', rules: ['B-2'] });
  });

  it('has a digest of its own for each change of a target', () => {
    const texts = [
      BRANCH,
      replaced(['documents/file:///statements/* ', 'documents/file:///statements/*.csv ']).replace(
        /.*secret.*csv.*\n/,
        '',
      ),
      replaced(['prompts: [documents/summarise]', 'prompts: [documents/summarise, documents/translate]']),
      replaced(['documents/elicitation/create, ', 'documents/elicitation/create, documents/roots/list, ']),
    ];
    expect(new Set(texts.map((text) => parse(text).digest)).size).toBe(texts.length);
  });

  it('is worth a look where a template stands without what it makes', () => {
    const text = replaced(['documents/file:///board/minutes.md]', '"documents/file:///board/{name}"]']);
    const { warnings } = parse(text.replace(/.*minutes\.md.*\n/, ''));
    expect(warnings).toEqual([
      expect.stringMatching(/stands for the template only.*write file:\/\/\/board\/\* to cover both/),
    ]);
  });
});

const MISTAKES: readonly Mistake[] = [
  [
    'an operation without any target',
    [', methods: [documents/elicitation/create, documents/logging/setLevel]', ''],
    16,
    /names no target/,
  ],
  ['an empty list of prompts', ['prompts: [documents/summarise]', 'prompts: []'], 10, /list is empty/],
  ['a prompt without its server', ['[documents/summarise]', '[summarise]'], 10, /not a prompt/],
  ['a wildcard prompt', ['[documents/summarise]', '[documents/sum*]'], 10, /not a prompt. Wildcards are not/],
  [
    'a resource without its server',
    ['[documents/file:///board/minutes.md]', '[minutes.md]'],
    15,
    /not a resource/,
  ],
  [
    'a resource without a scheme',
    ['/file:///board/minutes.md', '/minutes.md'],
    15,
    /can match no resource: it has no scheme/,
  ],
  [
    'a parent folder in a pattern',
    ['/file:///board/minutes.md', '/file:///board/../minutes.md'],
    15,
    /segment/,
  ],
  [
    'an encoded slash in a pattern',
    ['/file:///board/minutes.md', '/file:///board%2Fminutes.md'],
    15,
    /can match no/,
  ],
  [
    'a pattern that covers the resource of another operation',
    ['/file:///statements/*', '/file:///*'],
    15,
    /"documents\/file:\/\/\/board\/minutes.md" overlaps "documents\/file:\/\/\/\*" of the operation "statements.read"/,
  ],
  [
    'a pattern that covers a pattern of another operation',
    ['/file:///board/minutes.md', '/file:///statements/board/*'],
    15,
    /overlaps "documents\/file:\/\/\/statements\/\*"/,
  ],
  ['a pattern that another operation covers', ['/file:///board/minutes.md', '/file:///*'], 15, /overlaps/],
  [
    'the same pattern in two operations',
    ['/file:///board/minutes.md', '/file:///statements/*'],
    15,
    /is in the operation "statements.read" already/,
  ],
  [
    'a method that nobody knows',
    ['/logging/setLevel]', '/logging/setlevels]'],
    16,
    /"logging\/setlevels" is not a method/,
  ],
  [
    'a method that has a list of its own',
    ['/logging/setLevel]', '/tools/call]'],
    16,
    /decides on by its name/,
  ],
  ['a test of nothing', ['prompt: documents/summarise, args: { language: en }, ', ''], 33, /calls nothing/],
  [
    'a test of two things',
    ['prompt: documents/summarise, ', 'prompt: documents/summarise, call: documents/search, '],
    33,
    /both/,
  ],
  [
    'a test of an unknown prompt',
    ['prompt: documents/summarise,', 'prompt: documents/sumarise,'],
    33,
    /Unknown prompt/,
  ],
  [
    'a test of an unknown method',
    ['method: documents/elicitation/create', 'method: documents/roots/list'],
    38,
    /Unknown method/,
  ],
  [
    'a test of a resource of another server',
    ['"documents/file:///elsewhere', '"docs/file:///elsewhere'],
    37,
    /No operation has resources of "docs"/,
  ],
  ['a test of no resource', ['"documents/file:///elsewhere', '"documents/elsewhere'], 37, /not a resource/],
];

describe('a policy over more than tools is refused, on the right line, for', () => {
  it.each(MISTAKES)('%s', (_, replace, line, reason) => {
    const problems = problemsOf(replaced(replace)).map((problem) => `${problem.line}: ${problem.reason}`);
    const place = new RegExp(`^${line}: .*(?:${reason.source})`);
    expect(problems).toContainEqual(expect.stringMatching(place));
  });

  it('a method, with the names that are known', () => {
    const [problem] = problemsOf(replaced(['/logging/setLevel]', '/nonsense]']));
    expect(NAMED_METHODS.filter((method) => problem?.next.includes(method))).toHaveLength(
      NAMED_METHODS.length,
    );
  });
});
