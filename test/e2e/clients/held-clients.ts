import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Approver, approver } from '../support/rest.js';
import type { Stage } from '../support/stage.js';
import { waitUntil } from '../support/wait-until.js';
import { BRIDGE_CLIENTS } from './bridge-clients.js';
import { COMMAND_LINE_CLIENTS } from './command-line-clients.js';
import { FRAMEWORK_CLIENTS } from './framework-clients.js';
import { type GovernedBank, OPEN_CUSTOMER } from './governed-bank.js';
import type { ConnectedClient, Outcome, RealClient } from './real-client.js';
import { SDK_CLIENTS } from './sdk-clients.js';

export const CLIENTS = [...SDK_CLIENTS, ...FRAMEWORK_CLIENTS, ...BRIDGE_CLIENTS, ...COMMAND_LINE_CLIENTS];

/** Longer than the minute after which most clients give a request up. */
export const HELD_MS = 75_000;

/** What a client shows of the call itself: the result, the answer "pending, call again", or that it gave up. */
export type Shown = 'result' | 'pending' | 'given up';

const AFTER_A_MINUTE = { shown: 'pending', how: 'is told after 55 s that the call waits' } as const;
const IN_ROUNDS = { shown: 'result', how: 'comes back by itself after 45 s' } as const;

/** Measured here; docs/clients.md has it as a table. */
export const HELD_SHOWS: Readonly<Record<string, { readonly shown: Shown; readonly how: string }>> = {
  'SDK v1': AFTER_A_MINUTE,
  'SDK v2, legacy': AFTER_A_MINUTE,
  'SDK v2, modern': IN_ROUNDS,
  LangChain: AFTER_A_MINUTE,
  'AI SDK': IN_ROUNDS,
  'OpenAI Agents': IN_ROUNDS,
  'mcp-remote, legacy': AFTER_A_MINUTE,
  'mcp-remote, modern': AFTER_A_MINUTE,
  mcpc: AFTER_A_MINUTE,
  'Inspector, legacy': AFTER_A_MINUTE,
  'Inspector, modern': { shown: 'result', how: 'has a task and asks for it by itself' },
};

export interface Attempt {
  readonly shown: Shown;
  readonly text: string;
  readonly seconds: number;
}

export interface Held {
  readonly notes: string;
  /** How the approval stood just before the manager approved it. */
  readonly before: string;
  /** The call, and the identical call until it has its result. */
  readonly attempts: readonly Attempt[];
}

const shownOf = ({ isError, text }: Outcome): Shown =>
  isError ? (text.includes('approval_pending') ? 'pending' : 'given up') : 'result';

const timed = async (call: Promise<Outcome>): Promise<Attempt> => {
  const started = performance.now();
  const outcome = await call.catch((error: unknown) => ({ isError: true, text: String(error) }));
  return {
    shown: shownOf(outcome),
    text: outcome.text,
    seconds: (performance.now() - started) / 1_000,
  };
};

const ATTEMPTS_MAX = 3;

/** One call of one client, approved after 75 s, and repeated by its user as long as it has not got its result. */
const holdOne = async (client: RealClient, engineer: ConnectedClient, manager: Approver): Promise<Held> => {
  const notes = `held for ${client.name}`;
  const input = { customer_id: OPEN_CUSTOMER.id, fields: { notes } };
  const call = () => timed(engineer.call('core-banking__update_customer', input));
  const first = call();
  const approval = await waitUntil(
    `the approval of ${client.name}`,
    async () =>
      (await manager.list('pending')).find((one) => JSON.stringify(one.arguments).includes(`"${notes}"`)),
    120_000,
  );
  await pause(HELD_MS);
  const before = (await manager.one(approval.id)).status;
  await manager.approve(approval.id, { digest: approval.digest });
  const attempts = [await first];
  while (attempts.at(-1)?.shown !== 'result' && attempts.length < ATTEMPTS_MAX) attempts.push(await call());
  await engineer.close();
  return { notes, before, attempts };
};

/** All clients at once, each with a call of its own at the same gateway; by the names of the clients. */
export const holdAll = async (stage: Stage, system: GovernedBank): Promise<ReadonlyMap<string, Held>> => {
  const manager = await approver(system, 'manager-1');
  // The issuer lives in this process, which loading a client may keep busy: its keys are fetched before that.
  await manager.list();
  const url = `${system.urls.ingress}/mcp`;
  const connected: [RealClient, ConnectedClient][] = [];
  for (const client of CLIENTS) {
    const connection = { url, token: await system.issuer.token('data-engineer') };
    connected.push([client, await client.connect(connection, join(stage.folder, 'homes'))]);
  }
  const held = connected.map(
    async ([client, engineer]) => [client.name, await holdOne(client, engineer, manager)] as const,
  );
  return new Map(await Promise.all(held));
};
