import { file, type Rule } from './rule.js';
import { codeOf, isTest, isTypeScript, matches, type SourceFile, withoutStrings } from './source-file.js';

const LINES_MAX = 300;
const TEST_LINES_MAX = 500;
const COLUMNS_MAX = 140;

const isCode = (path: string): boolean => /\.(?:ts|mjs|cjs)$/.test(path);
/** The rules name what they forbid. */
const isRule = (path: string): boolean => path.startsWith('test/tidy/');
const code = ({ path, text }: SourceFile): string => (isCode(path) && !isRule(path) ? codeOf(text) : '');

/** Programs whose output is their purpose. */
const speaks = (path: string): boolean =>
  isTest(path) ||
  /^(?:apps\/(?:cli|standalone)|deploy|test)\//.test(path) ||
  /^apps\/[^/]+\/main\.ts$/.test(path) ||
  path === 'libs/service/run-distributed.ts';

export const TEXT_RULES: readonly Rule[] = [
  {
    says: `a file has at most ${LINES_MAX} lines, a test ${TEST_LINES_MAX}`,
    check: ({ path, text }) => {
      const lines = text.split('\n').length - 1;
      const max = isTest(path) ? TEST_LINES_MAX : LINES_MAX;
      return isCode(path) && lines > max ? [`${path}: ${lines} lines, at most ${max}`] : [];
    },
    bad: [file('libs/core/x.ts', '\n'.repeat(301)), file('test/x.spec.ts', '\n'.repeat(501))],
  },
  {
    says: `a line has at most ${COLUMNS_MAX} columns`,
    check: ({ path, text }) =>
      isCode(path)
        ? matches(
            path,
            text,
            new RegExp(`^.{${COLUMNS_MAX + 1},}$`, 'gm'),
            (line) => `${line.length} columns`,
          )
        : [],
    bad: [file('libs/core/x.ts', `const a = '${'x'.repeat(140)}';`)],
  },
  {
    says: 'there is no any, no ignored type error, no export *, no forwardRef',
    check: (source) =>
      matches(
        source.path,
        isTypeScript(source.path) ? withoutStrings(code(source)) : '',
        /(: any\b|\bas any\b|<any>|\bany\[\]|<any,|, any>|\bexport \*|\bforwardRef\b)/g,
        (found) => `${found} is not used here`,
      ).concat(
        matches(
          source.path,
          isRule(source.path) ? '' : source.text,
          /@ts-(?:ignore|nocheck|expect-error)/g,
          (found) => `${found} is not used here`,
        ),
      ),
    bad: [
      file('libs/core/x.ts', 'const a: any = 1;'),
      file('libs/core/x.ts', 'const a = b as any;'),
      file('libs/core/x.ts', 'const a = new Map<string, any>();'),
      file('libs/core/x.ts', "export * from './y.js';"),
      file('libs/core/x.ts', 'forwardRef(() => X)'),
      file('libs/core/x.ts', '// @ts-ignore'),
    ],
  },
  {
    says: 'there is no drawer: no folder or lib called common, shared, utils or helpers',
    check: ({ path }) =>
      /(?:^|\/)(?:common|shared|utils?|helpers?)(?:\/|\.ts$)/.test(path)
        ? [`${path}: name it after what it holds`]
        : [],
    bad: [file('libs/common/x.ts', ''), file('apps/ingress/shared/x.ts', ''), file('libs/core/utils.ts', '')],
  },
  {
    says: 'a TODO names its issue',
    check: ({ path, text }) =>
      isRule(path)
        ? []
        : matches(
            path,
            text,
            /\b(?:TODO|FIXME|XXX)\b(?! ?\(#\d+\))/g,
            (word) => `${word} without an issue number, as in TODO (#12)`,
          ),
    bad: [file('libs/core/x.ts', '// TODO later'), file('docs/x.md', 'FIXME')],
  },
  {
    says: 'only programs print; everything else logs',
    check: (source) =>
      speaks(source.path)
        ? []
        : matches(source.path, code(source), /\bconsole\.\w+/g, (found) => `${found} outside a program`),
    bad: [
      file('apps/ledger/ledger.ts', "console.log('x')"),
      file('libs/http/problem.ts', 'console.error(error)'),
    ],
  },
  {
    says: 'only libs/config reads the environment',
    check: (source) =>
      /^(?:libs\/config|test|deploy)\//.test(source.path) || isTest(source.path)
        ? []
        : matches(source.path, code(source), /\bprocess\.env\b/g, (found) => `${found} outside libs/config`),
    bad: [file('apps/ledger/ledger.ts', "process.env['X']")],
  },
  {
    says: 'only libs/contracts writes down a subject of the bus',
    check: (source) =>
      source.path.startsWith('libs/contracts/') || source.path.startsWith('test/') || isTest(source.path)
        ? []
        : matches(
            source.path,
            code(source),
            /['"`]countersign\.(?:ingress|policy|masking|approval|ledger)\b/g,
            () => 'import the contract',
          ),
    bad: [file('apps/ledger/ledger.ts', "publish('countersign.ledger.append.v1')")],
  },
  {
    says: 'no test is switched off or runs alone by accident',
    check: (source) =>
      isTest(source.path)
        ? matches(
            source.path,
            code(source),
            /\b(?:it|test|describe)\.(?:only|todo)\b|\b(?:it|test|describe)\.skip\(/g,
            (found) => `${found}; skip at run time, with a reason`,
          )
        : [],
    bad: [
      file('libs/core/x.spec.ts', "it.only('x', () => {})"),
      file('libs/core/x.spec.ts', "describe.skip('x', () => {})"),
    ],
  },
  {
    says: 'a class extends only an error or a Nest type',
    check: (source) =>
      isTypeScript(source.path) && !isTest(source.path)
        ? matches(
            source.path,
            code(source),
            /\bclass \w+(?:<[^{]*?>)? extends ((?!\w*Error\b|Server\b|PassportStrategy\b)\w+)/g,
            (found) => `extends ${found}`,
          )
        : [],
    bad: [file('apps/ledger/ledger.ts', 'export class Ledger extends BaseService {')],
  },
];
