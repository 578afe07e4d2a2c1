import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '#config/config.schema.js';
import { loadConfig } from '#config/load-config.js';
import type { Service } from '#contracts/contract.js';
import { startGuard } from '#service/guard.js';
import { DEMO_CONFIG } from '../serve.js';
import { makePlan, type Plan } from './plan.js';
import { LaunchError, type ProcessName, START_ORDER } from './programs.js';
import { type Supervised, type Surroundings, supervise } from './supervise.js';

export interface DistributedOptions {
  /** Default: the demo configuration. */
  readonly config?: string;
  /** Of the ingress; approval, ledger, policy and masking follow. 0: free ones. Default: the configuration's. */
  readonly port?: number;
  readonly data?: string;
  /** Told of deaths and restarts. */
  readonly report?: (text: string) => void;
  /** Log lines of the services, one JSON object each. */
  readonly log?: (line: string) => void;
}

export interface Distributed {
  /** Where the ingress listens. */
  readonly url: string;
  readonly approvalUrl: string;
  readonly ledgerUrl: string;
  readonly policyUrl: string;
  readonly maskingUrl: string;
  /** The development issuer of the demo; its MCP resources start with `url`. */
  readonly issuerUrl: string | undefined;
  readonly config: Config;
  /** Process ids by name; a process that is down right now has none. */
  pids(): { readonly [name in ProcessName]?: number };
  /** For fault tests: off, a killed process stays down; on again, it is started soon. */
  setRestart(name: ProcessName, on: boolean): void;
  /** Ends everything, in the reverse order of the start. */
  stop(): Promise<void>;
}

const READY_MS_MAX = 60_000;
const LOOK_MS = 100;
const nothing = (): void => undefined;

/**
 * The five services as processes of their own over real NATS and Redis on loopback; resolves when the ingress is ready
 * for calls. If this process ends without `stop`, even by SIGKILL, the others end too.
 * @throws ConfigError, LaunchError
 */
export const startDistributed = async ({
  config: file = DEMO_CONFIG,
  port,
  data,
  report = nothing,
  log = nothing,
}: DistributedOptions): Promise<Distributed> => {
  const given = loadConfig({
    file,
    overrides: { ...(port === undefined ? {} : { port }), ...(data === undefined ? {} : { data_dir: data }) },
  });
  const plan = await makePlan(given);
  const guard = startGuard(plan.folder);
  const running: Supervised[] = [];
  const stop = async (): Promise<void> => {
    for (const process of inEndOrder(running)) await process.stop();
    guard.close();
    await rm(plan.folder, { recursive: true, force: true });
  };
  try {
    await startAll(plan, { guard, report, log }, running);
    await gatewayReady(plan.addresses.url('ingress'));
  } catch (error) {
    await stop();
    throw error;
  }
  return handles(plan, running, stop);
};

const handles = (
  { addresses, config, issuerUrl }: Plan,
  running: readonly Supervised[],
  stop: () => Promise<void>,
): Distributed => {
  const url = (service: Service): string => addresses.url(service);
  return {
    url: url('ingress'),
    approvalUrl: url('approval'),
    ledgerUrl: url('ledger'),
    policyUrl: url('policy'),
    maskingUrl: url('masking'),
    issuerUrl,
    config,
    pids: () =>
      Object.fromEntries(running.flatMap(({ name, pid }) => (pid() === undefined ? [] : [[name, pid()]]))),
    setRestart: (name, on) => running.find((process) => process.name === name)?.setRestart(on),
    stop,
  };
};

/** Infrastructure first, one after the other; then the services at once, for each waits for those it needs by itself. */
const startAll = async (
  { programs }: Plan,
  surroundings: Surroundings,
  running: Supervised[],
): Promise<void> => {
  const isService = (name: ProcessName): boolean =>
    START_ORDER.indexOf(name) >= START_ORDER.indexOf('ledger');
  const start = async (program: (typeof programs)[number]): Promise<void> => {
    running.push(await supervise(program, surroundings));
  };
  for (const program of programs.filter(({ name }) => !isService(name))) await start(program);
  const started = await Promise.allSettled(programs.filter(({ name }) => isService(name)).map(start));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

const inEndOrder = (running: readonly Supervised[]): readonly Supervised[] =>
  [...running].sort((a, b) => START_ORDER.indexOf(b.name) - START_ORDER.indexOf(a.name));

const gatewayReady = async (url: string): Promise<void> => {
  const until = performance.now() + READY_MS_MAX;
  let last = 'no answer';
  while (performance.now() < until) {
    try {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
      if (response.ok) return;
      last = await response.text();
    } catch {
      // Not listening yet.
    }
    await pause(LOOK_MS);
  }
  throw new LaunchError(`the gateway was not ready within ${READY_MS_MAX / 1_000} s: ${last}`);
};
