import { type Command, EXIT_FINE, textOption } from '../command.js';
import { printJson, table } from '../print.js';
import { openApi, query, SERVER_OPTIONS, serverHelp } from '../server/api.js';

export interface CallItem {
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly method: string;
  readonly server: string;
  readonly tool: string;
  readonly decision: string | null;
  readonly rules: readonly string[];
  readonly outcome: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

const FILTERS = ['principal', 'method', 'tool', 'decision', 'from', 'to', 'cursor', 'limit'] as const;

export const calls: Command = {
  help: [
    'usage: countersign calls [--principal P] [--upstream NAME] [--method M] [--tool T] [--decision D] [--from T]',
    '                         [--to T] [--limit N] [--cursor C] [--json] [--server URL]',
    '',
    'Lists recorded calls, newest first. The reading itself is recorded.',
    '  --upstream NAME  of the MCP server called',
    '  --method M       tools/call, prompts/get, resources/read, ...',
    '  --tool T         name of the tool or prompt',
    '  --decision D     allow, deny or approval',
    '  --limit N        1 to 500, default 50; --cursor shows the next page',
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    upstream: { type: 'string' },
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' as const }])),
  },
  positionals_max: 0,
  run: async (invocation) => {
    const filter = Object.fromEntries(FILTERS.map((name) => [name, textOption(invocation, name)]));
    const api = await openApi(invocation, 'examiner');
    const path = `/ledger/calls${query({ ...filter, server: textOption(invocation, 'upstream') })}`;
    const page = await api.get<Page<CallItem>>(path);
    if (invocation.values['json'] === true) printJson(page);
    else console.log(callsText(page));
    return EXIT_FINE;
  },
};

export const callsText = ({ items, next }: Page<CallItem>): string => {
  if (items.length === 0) return 'no calls';
  const rows = items.map(({ id, time, principal, method, server, tool, decision, rules, outcome }) => [
    time,
    id,
    principal,
    method,
    // What has no name but its method is not named twice.
    tool === method ? server : `${server}/${tool}`,
    [decision ?? 'undecided', ...rules].join(' '),
    outcome,
  ]);
  const more = next === null ? [] : ['', `more: --cursor ${next}`];
  return [table([['TIME', 'ID', 'WHO', 'METHOD', 'TARGET', 'DECISION', 'OUTCOME'], ...rows]), ...more].join(
    '\n',
  );
};
