import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NoPack } from './pack.js';
import { verdictText } from './verdict-text.js';
import { type Verdict, verifyPack } from './verify-pack.js';
import { openFile } from './zip-read.js';

/** How a check is asked for on a command line: by `countersign verify` and by the verifier inside a pack. */
export const VERIFY_OPTIONS = {
  key: { type: 'string' },
  policy: { type: 'string' },
  checkpoint: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const VERIFY_HELP = [
  'PACK.zip [--key VKEY] [--policy FILE] [--checkpoint FILE] [--json]',
  '',
  'Checks an evidence pack offline. Exit code 0 fine, 1 something was found, 2 wrong usage or input.',
  '  --key VKEY          the verifier key of the log, got by another way than the pack (or a file that holds it)',
  '  --policy FILE       a C2SP tlog-policy: keys of the log and of witnesses, and how many must have cosigned',
  '  --checkpoint FILE   a signed checkpoint of the same log from elsewhere, such as a witness',
  '  --json              findings and facts as JSON',
].join('\n');

export interface VerifyRequest {
  readonly file: string;
  readonly key?: string | undefined;
  readonly policy?: string | undefined;
  readonly checkpoint?: string | undefined;
}

/** @throws NoPack when a file cannot be read or is not what it should be */
export const verifyFile = ({ file, key, policy, checkpoint }: VerifyRequest): Verdict => {
  const source = reading(file, () => openFile(file));
  try {
    return verifyPack(source, {
      ...(key === undefined ? {} : { vkey: key.includes('+') ? key : textOf(key) }),
      ...(policy === undefined ? {} : { policy: textOf(policy) }),
      ...(checkpoint === undefined ? {} : { checkpoints: [textOf(checkpoint)] }),
    });
  } finally {
    source.close();
  }
};

const textOf = (file: string): string => reading(file, () => readFileSync(file, 'utf8'));

const reading = <Value>(file: string, read: () => Value): Value => {
  try {
    return read();
  } catch (error) {
    throw new NoPack(`${file} cannot be read (${(error as { code?: string }).code ?? 'unknown reason'})`);
  }
};

const output = (stream: NodeJS.WriteStream, text: string): void => void stream.write(`${text}\n`);

/** The command line of the verifier inside a pack. Answers the exit code. */
export const verifierMain = (words: readonly string[]): 0 | 1 | 2 => {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { ...VERIFY_OPTIONS, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    const [file, surplus] = positionals;
    if (values.help === true || file === undefined || surplus !== undefined) {
      output(values.help === true ? process.stdout : process.stderr, `usage: node verify.mjs ${VERIFY_HELP}`);
      return values.help === true ? 0 : 2;
    }
    const verdict = verifyFile({ file, ...values });
    output(process.stdout, values.json === true ? JSON.stringify(verdict, null, 2) : verdictText(verdict));
    return verdict.ok ? 0 : 1;
  } catch (error) {
    const isKnown =
      error instanceof NoPack || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    if (!isKnown) throw error;
    output(process.stderr, `verify: ${(error as Error).message}`);
    return 2;
  }
};
