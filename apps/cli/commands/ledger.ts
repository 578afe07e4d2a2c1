import { setTimeout as pause } from 'node:timers/promises';
import { type Command, EXIT_FINE, requiredWord, UsageError } from '../command.js';
import { printJson } from '../print.js';
import { type Api, openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';

interface ProjectionState {
  readonly head: string;
  readonly position: string | null;
  readonly behind: string;
  readonly building: boolean;
  readonly calls: number;
  readonly unknown: number;
  readonly values: { readonly position: string | null; readonly behind: string; readonly truncated: number };
}

const LOOK_EVERY_MS = 1_000;
const PATH = '/ledger/projection';

export const ledger: Command = {
  help: [
    'usage: countersign ledger status|rebuild [--json] [--server URL]',
    '',
    'The read model that lists and searches use. It holds no truth: rebuild throws it away and builds it again from the',
    'log while the system runs; lists and searches wait for it. Both are recorded.',
    serverHelp('operator'),
  ].join('\n'),
  options: SERVER_OPTIONS,
  positionals_max: 1,
  run: async (invocation) => {
    const verb = requiredWord(invocation, 'status or rebuild');
    if (verb !== 'status' && verb !== 'rebuild')
      throw new UsageError(`"${verb}": expected status or rebuild`);
    const api = await openApi(invocation, 'operator');
    const state = verb === 'status' ? await api.get<ProjectionState>(PATH) : await rebuild(api);
    if (invocation.values['json'] === true) printJson(state);
    else console.log(stateText(state));
    return EXIT_FINE;
  },
};

/** Comes back when everything recorded before the rebuild is in the read model again. */
const rebuild = async (api: Api): Promise<ProjectionState> => {
  const { head } = await api.post<ProjectionState>(`${PATH}/rebuild`, {});
  for (;;) {
    const state = await api.get<ProjectionState>(PATH);
    if (state.position !== null && BigInt(state.position) >= BigInt(head)) return state;
    console.error(`position ${state.position ?? 'none'} of ${head}, ${state.calls} calls`);
    await pause(LOOK_EVERY_MS);
  }
};

const stateText = ({ head, position, calls, unknown, values }: ProjectionState): string =>
  [
    `calls     ${calls}, up to position ${position ?? 'none'} of ${head}`,
    `values    indexed up to position ${values.position ?? 'none'}; ${values.truncated} calls too large to be indexed completely`,
    ...(unknown === 0
      ? []
      : [`unknown   ${unknown} events of a type or version that this release does not know`]),
  ].join('\n');
