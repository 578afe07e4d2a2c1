import { explainPolicy } from '#core/policy/explain/explain-policy.js';
import { type Command, EXIT_FINDING, EXIT_FINE, type Invocation, UsageError } from '../command.js';
import { explainText } from '../policy/explain-text.js';
import { isFailingTest } from '../policy/failing-test.js';
import { readPolicyFile } from '../policy/read-policy-file.js';
import { printJson } from '../print.js';

const VERBS = ['check', 'test', 'explain'] as const;
type Verb = (typeof VERBS)[number];
const isVerb = (word: string | undefined): word is Verb =>
  (VERBS as readonly (string | undefined)[]).includes(word);

export const policy: Command = {
  help: [
    'usage: countersign policy check|test|explain FILE [--json]',
    '',
    '  check    everything that is wrong with the file, and what is worth a look',
    '  test     runs the tests of the file',
    '  explain  who may do what: each role and operation, with the rules that say so',
    'Exit code 1 when check finds a problem or a test fails; 2 when the file cannot be used at all.',
  ].join('\n'),
  options: { json: { type: 'boolean' } },
  positionals_max: 2,
  run: async ({ values, positionals }: Invocation) => {
    const [verb, file] = positionals;
    if (!isVerb(verb)) throw new UsageError(`expected one of ${VERBS.join(', ')}`);
    if (file === undefined) throw new UsageError('FILE is missing');
    return RUN[verb](file, values['json'] === true);
  },
};

const check = async (file: string, json: boolean): Promise<number> => {
  const read = await readPolicyFile(file);
  const problems = read.kind === 'refused' ? read.error.problems : [];
  const warnings = read.kind === 'valid' ? read.policy.warnings : [];
  const digest = read.kind === 'valid' ? read.policy.digest : null;
  if (json) printJson({ valid: read.kind === 'valid', digest, problems, warnings });
  else if (read.kind === 'refused') console.log(read.error.message);
  else console.log([`${file}: valid, ${digest}`, ...warnings].join('\n'));
  return read.kind === 'valid' ? EXIT_FINE : EXIT_FINDING;
};

const test = async (file: string, json: boolean): Promise<number> => {
  const read = await readPolicyFile(file);
  if (read.kind === 'refused' && !read.error.problems.every(isFailingTest)) throw read.error;
  const failed = read.kind === 'refused' ? read.error.problems : [];
  const passed = read.testCount - failed.length;
  if (json) printJson({ passed, failed: failed.length, failures: failed });
  else if (read.kind === 'refused') console.log(read.error.message);
  if (!json) console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0 ? EXIT_FINE : EXIT_FINDING;
};

const explain = async (file: string, json: boolean): Promise<number> => {
  const read = await readPolicyFile(file);
  if (read.kind === 'refused') throw read.error;
  const cells = explainPolicy(read.policy.bundle);
  if (json) printJson({ digest: read.policy.digest, cells });
  else console.log(explainText(read.policy.bundle, cells));
  return EXIT_FINE;
};

const RUN: { readonly [verb in Verb]: (file: string, json: boolean) => Promise<number> } = {
  check,
  test,
  explain,
};
