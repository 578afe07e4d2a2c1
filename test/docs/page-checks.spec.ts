import { describe, expect, it } from 'vitest';
import { file } from '../tidy/rule.js';
import { eventTypesIn, guaranteeProblems, linkProblems, listProblems } from './page-checks.js';

describe('the event types of the code', () => {
  it('are found in declarations, in literals and in a choice', () => {
    const sources = [
      file('a.ts', "readonly type: 'CallHeld';\n  readonly v: 1;"),
      file('b.ts', "record({ type: 'CallDenied', v: 1, data: {} })"),
      file('c.ts', "{ type: allowed ? 'LedgerRead' : 'LedgerReadRefused', v: 1, data: {} }"),
      file('d.ts', "{ type: 'text', text: 'no event' }"),
    ];
    expect(eventTypesIn(sources)).toEqual(['CallDenied', 'CallHeld', 'LedgerRead', 'LedgerReadRefused']);
  });
});

describe('a page that lists things', () => {
  const page = file(
    'docs/events.md',
    '| event | when |\n| --- | --- |\n| `CallHeld` | x |\n| `CallGone` | x |\n| `CallHeld` | x |',
  );

  it('is told what is missing, what does not exist and what is there twice', () => {
    expect(listProblems(page, ['CallDenied', 'CallHeld'], /^[A-Z]/)).toEqual([
      'docs/events.md: CallDenied is missing',
      'docs/events.md: CallGone does not exist',
      'docs/events.md: CallHeld is listed twice',
    ]);
  });
});

describe('a page of promises', () => {
  const all = ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9', 'G10'];
  const test = file('libs/x.spec.ts', "it('holds', () => {})");
  const pageWith = (body: string) => all.map((promise) => `## ${promise} x\n${body}\n`).join('');

  it('is fine when every promise names a test that exists or says that it is not made', () => {
    expect(guaranteeProblems(pageWith('- `libs/x.spec.ts`: holds'), [test])).toEqual([]);
    expect(guaranteeProblems(pageWith('**Not promised yet.**'), [])).toEqual([]);
  });

  it('is told about a promise without a section, without a test, or with a test that does not exist', () => {
    expect(
      guaranteeProblems('## G1 x\n- `libs/x.spec.ts`: fails\n## G2 x\nTrust us.\n', [test]).slice(0, 3),
    ).toEqual([
      'G1: there is no test "fails" in libs/x.spec.ts',
      'G2 is promised without a test',
      'G3 has no section',
    ]);
  });
});

describe('a link', () => {
  const files = [file('docs/a.md', '# One thing\n'), file('README.md', '')];

  it('may lead to a file, a folder, a heading or another site', () => {
    const page = file(
      'README.md',
      '[a](docs/a.md) [b](docs) [c](docs/a.md#one-thing) [d](https://bank.example)',
    );
    expect(linkProblems(page, files)).toEqual([]);
  });

  it('is told when it leads nowhere', () => {
    const page = file('docs/b.md', '[a](../docs/none.md) [b](a.md#two)');
    expect(linkProblems(page, files)).toEqual([
      'docs/b.md: ../docs/none.md leads nowhere',
      'docs/b.md: a.md#two: no such heading',
    ]);
  });
});
