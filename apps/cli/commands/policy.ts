import { explainPolicy } from '#core/policy/explain/explain-policy.js';
import { type Command, EXIT_FINDING, EXIT_FINE, type Invocation, UsageError } from '../command.js';
import { explainText } from '../policy/explain-text.js';
import { isFailingTest } from '../policy/failing-test.js';
import { PROPOSAL_HELP, PROPOSAL_VERBS } from '../policy/proposal-verbs.js';
import { readPolicyFile } from '../policy/read-policy-file.js';
import { printJson } from '../print.js';
import { SERVER_OPTIONS } from '../server/api.js';

type Verb = (invocation: Invocation, word: string | undefined) => Promise<number>;

export const policy: Command = {
  help: [
    'usage: countersign policy check|test|explain FILE [--json]',
    ...PROPOSAL_HELP.usage,
    '',
    '  check      everything that is wrong with the file, and what is worth a look',
    '  test       runs the tests of the file',
    '  explain    who may do what: each role and operation, with the rules that say so',
    ...PROPOSAL_HELP.verbs,
    'Exit code 1 when check finds a problem, a test fails or diff finds a difference; 2 when the file cannot be used at all.',
    ...PROPOSAL_HELP.options,
  ].join('\n'),
  options: { ...SERVER_OPTIONS, reason: { type: 'string' }, digest: { type: 'string' } },
  positionals_max: 3,
  run: async (invocation: Invocation) => {
    const [verb = '', word] = invocation.positionals;
    const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (run === undefined) throw new UsageError(`expected one of ${Object.keys(VERBS).join(', ')}`);
    const surplus = invocation.positionals[verb === 'diff' ? 3 : 2];
    if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`);
    return run(invocation, word);
  },
};

/** A verb about one file, which needs no server. */
const ofFile =
  (run: (file: string, json: boolean) => Promise<number>): Verb =>
  async ({ values }, file) => {
    if (file === undefined) throw new UsageError('FILE is missing');
    return run(file, values['json'] === true);
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

const VERBS: { readonly [verb: string]: Verb } = {
  check: ofFile(check),
  test: ofFile(test),
  explain: ofFile(explain),
  ...PROPOSAL_VERBS,
};
