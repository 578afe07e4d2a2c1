import { readSecret } from '#config/load-config.js';
import {
  EXIT_FINDING,
  EXIT_FINE,
  type Invocation,
  requiredOption,
  textOption,
  UsageError,
} from '../command.js';
import { printJson, table } from '../print.js';

export const SET_UP_OPTIONS = {
  url: { type: 'string' },
  admin: { type: 'string' },
  'admin-password': { type: 'string' },
  user: { type: 'string' },
  password: { type: 'string' },
  check: { type: 'boolean' },
} as const;

const SIGNS = { fine: 'ok', set: 'set', differs: 'DIFFERS' } as const;

export const setUp = async (invocation: Invocation): Promise<number> => {
  const url = requiredOption(invocation, 'url', 'the address of the server, kurrentdb://HOST:PORT');
  if (/^[a-z+]+:\/\/[^/?]*@/i.test(url))
    throw new UsageError(
      '--url holds credentials, which other users of this machine can see. Use --admin-password.',
    );
  const { setUpKurrentDb } = await import('../../ledger/storage/set-up.js');
  const steps = await setUpKurrentDb({
    url,
    admin: {
      username: textOption(invocation, 'admin') ?? 'admin',
      password: secret(invocation, 'admin-password'),
    },
    ledger: {
      username: textOption(invocation, 'user') ?? 'countersign',
      password: secret(invocation, 'password'),
    },
    checkOnly: invocation.values['check'] === true,
  });
  if (invocation.values['json'] === true) printJson(steps);
  else console.log(table(steps.map(({ what, state, detail = '' }) => [SIGNS[state], what, detail])));
  return steps.some(({ state }) => state === 'differs') ? EXIT_FINDING : EXIT_FINE;
};

/** `env:NAME` or `file:PATH`: never the secret itself, which would stand in the list of processes. */
const secret = (invocation: Invocation, option: string): string => {
  const reference = requiredOption(invocation, option, 'env:NAME or file:PATH');
  const [, kind, value = ''] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  if (kind === undefined)
    throw new UsageError(`--${option}: expected env:NAME or file:PATH, not the secret itself`);
  return readSecret(kind === 'env' ? { env: value } : { file: value });
};
