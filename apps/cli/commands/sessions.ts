import type { SessionItem } from '../../ledger/projection/call-filter.js';
import { type Command, EXIT_FINE, textOption } from '../command.js';
import { printJson, table } from '../print.js';
import { openApi, query, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import { whenBuilt } from '../server/when-built.js';
import type { Page } from './calls.js';

const FILTERS = ['principal', 'client', 'agent', 'from', 'to', 'cursor', 'limit'] as const;

export const sessions: Command = {
  help: [
    'usage: countersign sessions [--principal P] [--client C] [--agent A] [--from T] [--to T] [--limit N] [--cursor C]',
    '                            [--json] [--server URL]',
    '',
    'Lists sessions, newest first: the calls of one caller through one client and agent, without a pause of 30 minutes.',
    'countersign search --session ID shows the calls of one. The reading itself is recorded.',
    serverHelp('examiner'),
  ].join('\n'),
  options: {
    ...SERVER_OPTIONS,
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' as const }])),
  },
  positionals_max: 0,
  run: async (invocation) => {
    const filter = Object.fromEntries(FILTERS.map((name) => [name, textOption(invocation, name)]));
    const api = await openApi(invocation, 'examiner');
    const page = await whenBuilt(() => api.get<Page<SessionItem>>(`/ledger/sessions${query(filter)}`));
    if (invocation.values['json'] === true) printJson(page);
    else console.log(sessionsText(page));
    return EXIT_FINE;
  },
};

const sessionsText = ({ items, next }: Page<SessionItem>): string => {
  if (items.length === 0) return 'no sessions';
  const rows = items.map(({ id, principal, client, agent, first, last, calls, writes, outcomes }) => [
    first,
    last,
    id,
    principal,
    agent ?? client,
    String(calls),
    String(writes),
    Object.entries(outcomes)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', '),
  ]);
  const head = ['FIRST', 'LAST', 'SESSION', 'WHO', 'THROUGH', 'CALLS', 'WRITES', 'OUTCOMES'];
  return [table([head, ...rows]), ...(next === null ? [] : ['', `more: --cursor ${next}`])].join('\n');
};
