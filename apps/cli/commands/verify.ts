import { NoPack } from '#evidence/pack.js';
import { verdictText } from '#evidence/verdict-text.js';
import { VERIFY_HELP, VERIFY_OPTIONS, verifyFile } from '#evidence/verifier.js';
import { type Command, EXIT_FINDING, EXIT_FINE, InputError, requiredWord, textOption } from '../command.js';
import { printJson } from '../print.js';

export const verify: Command = {
  help: `usage: countersign verify ${VERIFY_HELP}`,
  options: VERIFY_OPTIONS,
  positionals_max: 1,
  run: async (invocation) => {
    const file = requiredWord(invocation, 'PACK.zip');
    const verdict = checked(() =>
      verifyFile({
        file,
        key: textOption(invocation, 'key'),
        policy: textOption(invocation, 'policy'),
        checkpoint: textOption(invocation, 'checkpoint'),
      }),
    );
    if (invocation.values['json'] === true) printJson(verdict);
    else console.log(verdictText(verdict));
    return verdict.ok ? EXIT_FINE : EXIT_FINDING;
  },
};

const checked = <Value>(check: () => Value): Value => {
  try {
    return check();
  } catch (error) {
    if (error instanceof NoPack) throw new InputError(error.message);
    throw error;
  }
};
