import { type Command, EXIT_FINDING, EXIT_FINE, textOption } from '../command.js';
import { printJson } from '../print.js';
import { openApi, query, SERVER_OPTIONS, serverHelp } from '../server/api.js';

interface AlarmItem {
  readonly time: string;
  readonly position: string;
  readonly kind: string;
  readonly detail: string;
  readonly about: { readonly [name: string]: unknown };
}

interface AlarmsPage {
  readonly items: readonly AlarmItem[];
  readonly next: string | null;
}

export const alarms: Command = {
  help: [
    'usage: countersign alarms [--after POSITION] [--json] [--server URL]',
    '',
    'Lists what the ledger found that was done to its records, oldest first. Exit code 1 when there is any.',
    'What to do about each kind: docs/operations.md.',
    '  --after P      only what was raised after this position',
    serverHelp('operator'),
  ].join('\n'),
  options: { ...SERVER_OPTIONS, after: { type: 'string' } },
  positionals_max: 0,
  run: async (invocation) => {
    const api = await openApi(invocation, 'operator');
    const page = await api.get<AlarmsPage>(
      `/ledger/alarms${query({ after: textOption(invocation, 'after') })}`,
    );
    if (invocation.values['json'] === true) printJson(page);
    else console.log(alarmsText(page.items));
    return page.items.length === 0 ? EXIT_FINE : EXIT_FINDING;
  },
};

export const alarmsText = (items: readonly AlarmItem[]): string =>
  items.length === 0
    ? 'no alarms'
    : items
        .map(({ time, kind, detail, about }) => `${time}  ${kind}\n  ${detail}\n  ${aboutText(about)}`)
        .join('\n');

const aboutText = (about: AlarmItem['about']): string =>
  Object.entries(about)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');
