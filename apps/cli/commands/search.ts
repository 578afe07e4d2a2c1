import { callChoice, FILTER_HELP, FILTER_OPTIONS } from '../call-filters.js';
import { changeText, type FoundCall, summaryText } from '../change-text.js';
import { type Command, EXIT_FINE, type Invocation, textOption, UsageError } from '../command.js';
import { printJson } from '../print.js';
import { type Api, openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import { whenBuilt } from '../server/when-built.js';
import type { Transcript } from '../transcript-text.js';
import { callsText, type Page } from './calls.js';

interface SearchPage extends Page<FoundCall> {
  readonly values?: { readonly tooLarge: number; readonly unreadable: number };
}

const PAGE = 500;

export const search: Command = {
  help: [
    'usage: countersign search [--value V [--field F]] [filters] [--changes] [--newest] [--limit N] [--json] [--server URL]',
    '',
    'Finds recorded calls, oldest first: every one that fits, or the first N. The search itself is recorded, a value by',
    'its keyed token only.',
    FILTER_HELP,
    '  --changes        each call in full: who, what, under which decision and approval, the exact arguments, and the',
    '                   commands that show, replay and prove it',
    '  --newest         newest first',
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    ...FILTER_OPTIONS,
    changes: { type: 'boolean' },
    newest: { type: 'boolean' },
    limit: { type: 'string' },
  },
  positionals_max: 0,
  run: async (invocation) => {
    const { values } = invocation;
    const choice = await callChoice(invocation);
    const limit = limitOption(invocation);
    const api = await openApi(invocation, 'examiner');
    const order = values['newest'] === true ? 'newest' : 'oldest';
    const found = await findCalls(api, { ...choice, order }, limit);
    if (values['changes'] === true) await printChanges(api, found, values['json'] === true);
    else if (values['json'] === true) printJson(found);
    else console.log(callsText({ items: found.items, next: null }));
    if (found.next !== null) console.error(`more than ${limit} calls fit`);
    tellOfGaps(found);
    return EXIT_FINE;
  },
};

const limitOption = (invocation: Invocation): number => {
  const text = textOption(invocation, 'limit');
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--limit ${text}: expected a number above 0`);
  return Number(text);
};

const findCalls = async (api: Api, question: object, limit: number): Promise<SearchPage> => {
  const items: FoundCall[] = [];
  for (let cursor: string | undefined; ; ) {
    const body = { ...question, limit: Math.min(PAGE, limit - items.length), ...(cursor && { cursor }) };
    const page = await whenBuilt(() => api.post<SearchPage>('/ledger/search', body));
    items.push(...page.items);
    if (page.next === null || items.length >= limit) return { ...page, items };
    cursor = page.next;
    console.error(`${items.length} calls found so far`);
  }
};

const printChanges = async (api: Api, { items }: SearchPage, asJson: boolean): Promise<void> => {
  const transcripts: Transcript[] = [];
  for (const [index, item] of items.entries()) {
    const transcript = await api.get<Transcript>(`/ledger/calls/${encodeURIComponent(item.id)}`);
    if (asJson) transcripts.push(transcript);
    else console.log(`${changeText(index + 1, item, transcript)}\n`);
  }
  if (asJson) printJson(items.map((item, index) => ({ ...item, transcript: transcripts[index] })));
  else console.log(summaryText(items));
};

const tellOfGaps = ({ values }: SearchPage): void => {
  if (values === undefined) return;
  if (values.tooLarge > 0)
    console.error(
      `${values.tooLarge} calls were too large to be indexed completely: they may hold the value too`,
    );
  if (values.unreadable > 0)
    console.error(
      `${values.unreadable} payloads could not be opened and are not part of any search for a value`,
    );
};
