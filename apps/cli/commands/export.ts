import { existsSync } from 'node:fs';
import { callChoice, FILTER_HELP, FILTER_OPTIONS } from '../call-filters.js';
import {
  type Command,
  EXIT_FINDING,
  EXIT_FINE,
  InputError,
  requiredOption,
  textOption,
  UsageError,
} from '../command.js';
import { beginPart, type ExportFormat, writePart } from '../export-file.js';
import { printJson } from '../print.js';
import { accessOf, answerOf, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import { reach } from '../server/discover.js';
import { whenBuilt } from '../server/when-built.js';

/** An export goes on as long as it takes; a server that falls silent ends it by closing the connection. */
const DEADLINE_MS = 2 ** 31 - 1;

export const exportCommand: Command = {
  help: [
    'usage: countersign export --out FILE [--format jsonl|csv] [--transcripts] [filters] [--value V [--field F]] [--resume]',
    '                          [--json] [--server URL]',
    '',
    'Writes every recorded call that fits to a file, oldest first. The last line says how many there are; a file without',
    'it was cut: exit code 1, and --resume goes on behind the last call it holds. The export itself is recorded.',
    '  --out FILE       must not exist, unless --resume is given',
    '  --format F       jsonl (default) or csv',
    '  --transcripts    each line a whole transcript, with requests and masked answers; jsonl only',
    FILTER_HELP,
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    ...FILTER_OPTIONS,
    out: { type: 'string' },
    format: { type: 'string' },
    transcripts: { type: 'boolean' },
    resume: { type: 'boolean' },
  },
  positionals_max: 0,
  run: async (invocation) => {
    const file = requiredOption(invocation, 'out', 'the file to write');
    const format = formatOf(textOption(invocation, 'format') ?? 'jsonl');
    const { values } = invocation;
    if (values['resume'] !== true && existsSync(file))
      throw new InputError(`${file} exists. Give another --out, or --resume to go on with it.`);
    const part = values['resume'] === true ? await beginPart(file, format) : undefined;
    const choice = await callChoice(invocation);
    const { server, token } = await accessOf(invocation, 'examiner');
    const body = {
      ...choice,
      format,
      ...(values['transcripts'] === true && { include: 'transcripts' }),
      ...(part !== undefined && { cursor: part.cursor }),
    };
    const response = await whenBuilt(() => openExport(`${server}/ledger/export`, token, body));
    const { calls, isWhole, cursor } = await writePart(response, {
      file,
      format,
      isFirst: part === undefined,
    });
    if (values['json'] === true) printJson({ file, calls, whole: isWhole, cursor });
    else if (isWhole) console.log(`${calls} calls written to ${file}`);
    if (isWhole) return EXIT_FINE;
    console.error(`the export was cut after ${calls} calls; the same command with --resume goes on`);
    return EXIT_FINDING;
  },
};

const formatOf = (text: string): ExportFormat => {
  if (text !== 'jsonl' && text !== 'csv') throw new UsageError(`--format ${text}: expected jsonl or csv`);
  return text;
};

const openExport = async (url: string, token: string, body: object): Promise<Response> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await reach(url, { method: 'POST', headers, body: JSON.stringify(body) }, DEADLINE_MS);
  if (!response.ok) await answerOf(url, response);
  return response;
};
