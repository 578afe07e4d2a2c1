import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Command,
  EXIT_FINE,
  InputError,
  type Invocation,
  requiredOption,
  textOption,
  UsageError,
} from '../command.js';
import { printJson } from '../print.js';
import { openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

const FILTERS = [
  'call',
  'principal',
  'agent',
  'method',
  'upstream',
  'tool',
  'decision',
  'rule',
  'from',
  'to',
] as const;

export const evidence: Command = {
  help: [
    'usage: countersign evidence export --out PACK.zip [--call ID] [--principal P] [--agent A] [--method M]',
    '         [--upstream S] [--tool T] [--decision allow|deny|approval] [--rule ID] [--from T] [--to T]',
    '         [--disclose requests,results] [--json] [--server URL]',
    '',
    'Writes an evidence pack: all calls that match, with the means to check that these are all and that nothing was',
    'changed. Check it with: countersign verify PACK.zip. The export is recorded before anything is given out.',
    '  --call ID        one call only: its whole stream',
    '  --upstream S     name of the upstream server',
    '  --from T, --to T ISO 8601; from inclusive, to exclusive. Without them the pack holds the whole log',
    '  --disclose LIST  open payloads in the pack: exact requests, masked results; never original results',
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' } as const])),
    out: { type: 'string' },
    disclose: { type: 'string' },
  },
  positionals_max: 1,
  run: async (invocation) => {
    if (invocation.positionals[0] !== 'export')
      throw new UsageError('the one thing to do is: evidence export');
    const out = requiredOption(invocation, 'out', 'the file to write');
    const api = await openApi(invocation, 'examiner');
    const answer = await api.download('/ledger/evidence', requestOf(invocation));
    const bytes = await save(answer, out);
    if (invocation.values['json'] === true) printJson({ file: out, bytes });
    else console.log(`${out}: ${bytes} bytes. Check it with: countersign verify ${out}`);
    return EXIT_FINE;
  },
};

const requestOf = (invocation: Invocation): object => {
  const filters = FILTERS.flatMap((name) => {
    const value = textOption(invocation, name);
    return value === undefined ? [] : [[name === 'upstream' ? 'server' : name, value] as const];
  });
  const disclose = textOption(invocation, 'disclose');
  return {
    ...Object.fromEntries(filters),
    ...(disclose === undefined ? {} : { disclose: disclose.split(',') }),
  };
};

const PROGRESS_BYTES = 10_000_000;

/** Under another name until it is whole: a pack that broke off looks like no pack. */
const save = async (body: Readable, out: string): Promise<number> => {
  const part = `${out}.part`;
  let bytes = 0;
  const progress = new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      if (Math.floor((bytes + piece.length) / PROGRESS_BYTES) > Math.floor(bytes / PROGRESS_BYTES))
        process.stderr.write(`${Math.round((bytes + piece.length) / 1_000_000)} MB\n`);
      bytes += piece.length;
      done(null, piece);
    },
  });
  try {
    await pipeline(body, progress, createWriteStream(part, { mode: 0o600 }));
    await rename(part, out);
    return bytes;
  } catch (error) {
    await rm(part, { force: true });
    throw new InputError(`the pack could not be written to ${out} (${(error as Error).message}). Try again.`);
  }
};
