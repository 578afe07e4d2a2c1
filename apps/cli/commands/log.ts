import { type Command, EXIT_FINE } from '../command.js';
import { printJson } from '../print.js';
import { openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

interface LogState {
  readonly origin: string;
  readonly vkey: string;
  readonly phase: string;
  readonly size: number;
  readonly checkpoint_age_ms: number | null;
  readonly witnesses: readonly { readonly name: string; readonly url: string }[];
  readonly witnessed_size: number | null;
  readonly alarms: readonly { readonly kind: string; readonly index: number }[];
}

export const log: Command = {
  help: [
    'usage: countersign log',
    '',
    'Shows the Merkle log: the verifier key that witnesses and examiners need, its size, and whether it signs.',
    serverHelp('examiner'),
  ].join('\n'),
  options: SERVER_OPTIONS,
  positionals_max: 0,
  run: async (invocation) => {
    const api = await openApi(invocation, 'examiner');
    const state = await api.get<LogState>('/ledger/log');
    if (invocation.values['json'] === true) printJson(state);
    else console.log(textOf(state));
    return EXIT_FINE;
  },
};

const textOf = (state: LogState): string => {
  const age =
    state.checkpoint_age_ms === null ? 'none yet' : `${Math.round(state.checkpoint_age_ms / 1_000)} s ago`;
  const names = state.witnesses.map(({ name, url }) => `${name} (${url})`).join(', ');
  return [
    `origin      ${state.origin}`,
    `key         ${state.vkey}`,
    `state       ${state.phase}`,
    `size        ${state.size}`,
    `checkpoint  ${age}`,
    `witnesses   ${names === '' ? 'none' : names}`,
    ...(state.witnessed_size === null ? [] : [`witnessed   ${state.witnessed_size}`]),
    ...state.alarms.map(({ kind, index }) => `alarm       ${kind}, first bad entry ${index}`),
  ].join('\n');
};
