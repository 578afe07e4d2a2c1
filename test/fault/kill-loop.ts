import { createRandom } from '../../apps/demo-bank/random.js';
import { bankUpstream, startBank } from '../e2e/support/bank.js';
import { startCluster } from '../e2e/support/distributed.js';
import { DIRECT_WRITES } from '../e2e/support/policies.js';
import { openStage } from '../e2e/support/stage.js';
import { startPrivate } from '../e2e/support/standalone.js';
import { serviceOf } from '../e2e/support/system.js';
import { pause, waitUntil } from '../e2e/support/wait-until.js';
import { type Account, checkAccounts } from './accounts.js';
import { startWriters, type Writers } from './writers.js';

export interface KillLoop {
  readonly shape: 'standalone' | 'distributed';
  /** Which process is killed. */
  readonly victim: string;
  readonly kills: number;
  /** No further kill once the loop has taken this long, so that a busy machine does fewer. */
  readonly budget_ms: number;
  /** The same seed kills after the same times under load. */
  readonly seed: string;
}

const WRITERS = 8;
/** Long enough for calls in every stage: their upstream takes about 20 ms. */
const LOAD_MS_MAX = 250;
/** Nobody waits longer for the upstream; the ledger closes what is open a little later. */
const UPSTREAM = { timeout_ms: 10_000 };
const UPSTREAM_MS = 10;
const COMES_THROUGH_MS_MAX = 60_000;

const releasedOf = ({ sent }: Writers): number => sent.filter(({ came }) => came === 'released').length;

/**
 * SIGKILL at random moments under load, each time followed by a restart; then the accounts are compared. Answers how
 * many times it killed beside them.
 */
export const runKillLoop = async ({
  shape,
  victim,
  kills,
  budget_ms,
  seed,
}: KillLoop): Promise<Account & { readonly kills: number }> => {
  const stage = await openStage();
  try {
    const faults = [{ tool: 'update_customer', delay_ms: UPSTREAM_MS, answer_delay_ms: UPSTREAM_MS }];
    const bank = await startBank(stage, { keep_requests: true, faults });
    const start = shape === 'standalone' ? startPrivate : startCluster;
    const settings = { log_level: 'warn' };
    const system = await start(stage, {
      policy: DIRECT_WRITES,
      upstreams: [bankUpstream(bank, UPSTREAM)],
      settings,
    });
    const process = serviceOf(system, victim);
    const writers = startWriters(system, await system.issuer.token('data-engineer'), WRITERS);
    const random = createRandom(seed);
    const end = performance.now() + budget_ms;
    let killed = 0;
    for (; killed < kills && performance.now() < end; killed++) {
      // Not into an idle system: some call has come through since the restart.
      const before = releasedOf(writers);
      await waitUntil('a call comes through', () => releasedOf(writers) > before, COMES_THROUGH_MS_MAX);
      await pause(random.integer(0, LOAD_MS_MAX));
      await process.kill();
      await process.start();
    }
    await writers.stop();
    return { kills: killed, ...(await checkAccounts(system, bank, writers.sent)) };
  } finally {
    await stage.close();
  }
};
