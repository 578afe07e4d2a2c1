import { describe, expect, it } from 'vitest';
import { cyclesOf, deadFilesOf, graphOf } from './graph.js';
import { IMPORT_RULES } from './import-rules.js';
import { importsOf } from './imports.js';
import { REPOSITORY_RULES } from './repository-rules.js';
import { file } from './rule.js';
import { codeOf } from './source-file.js';
import { TEXT_RULES } from './text-rules.js';

describe('each rule of tidy can fail', () => {
  for (const { says, check, bad } of [...TEXT_RULES, ...IMPORT_RULES, ...REPOSITORY_RULES]) {
    it(`${says}: its bad examples are refused`, () => {
      expect(bad.filter((example) => check(example).length === 0)).toEqual([]);
    });
  }
});

describe('what the rules look at', () => {
  it('words in comments are not code, addresses in strings are', () => {
    expect(codeOf("const a = 'http://bank.example'; // Date.now\n/* new Date()\n */\n * b")).toBe(
      "const a = 'http://bank.example'; \n\n\n * b",
    );
  });

  it('imports of values, types, effects and at run time are all seen', () => {
    const text = [
      "import { a,\n  b } from '#core/errors.js';",
      "import type { C } from './c.js';",
      "export { d } from '../d.js';",
      "import 'reflect-metadata';",
      "const e = await import('#bus/e.js');",
      "// import { f } from './f.js';",
    ].join('\n');
    expect(
      importsOf(file('libs/http/x.ts', text)).map(({ target, specifier, isTypeOnly }) => [
        target ?? specifier,
        isTypeOnly,
      ]),
    ).toEqual([
      ['libs/core/errors.ts', false],
      ['libs/http/c.ts', true],
      ['libs/d.ts', false],
      ['reflect-metadata', false],
      ['libs/bus/e.ts', false],
    ]);
  });

  it('a finding names the line', () => {
    const [rule] = IMPORT_RULES;
    expect(
      rule?.check(file('libs/core/x.ts', "import { a } from './a.js';\nimport { z } from 'zod';\n")),
    ).toEqual(['libs/core/x.ts:2: imports zod: the core stands alone']);
  });
});

describe('the import graph', () => {
  it('finds a circle that exists only in types', () => {
    const graph = graphOf([
      file('libs/bus/a.ts', "import type { B } from './b.js';"),
      file('libs/bus/b.ts', "import type { C } from './c.js';"),
      file('libs/bus/c.ts', "import { a } from './a.js';"),
      file('libs/bus/d.ts', "import { a } from './a.js';"),
    ]);
    expect(cyclesOf(graph)).toEqual([['libs/bus/a.ts', 'libs/bus/b.ts', 'libs/bus/c.ts']]);
  });

  it('finds a file that only its own spec uses', () => {
    const graph = graphOf([
      file('apps/ledger/main.ts', "import { a } from '#bus/a.js';"),
      file('libs/bus/a.ts', ''),
      file('libs/bus/dead.ts', ''),
      file('libs/bus/dead.spec.ts', "import { dead } from './dead.js';"),
    ]);
    expect(deadFilesOf(graph)).toEqual(['libs/bus/dead.ts']);
  });
});
