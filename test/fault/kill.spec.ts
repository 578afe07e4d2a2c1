import { describe, expect, it } from 'vitest';
import { type KillLoop, runKillLoop } from './kill-loop.js';

/** Together 50 where the machine is quick enough; the nightly run does more. */
const BUDGET_MS = 160_000;
const KILLS_MIN = 15;
const LOOPS: readonly KillLoop[] = [
  { shape: 'standalone', victim: 'countersign', kills: 30, budget_ms: BUDGET_MS, seed: 'standalone' },
  { shape: 'distributed', victim: 'ledger', kills: 20, budget_ms: BUDGET_MS, seed: 'ledger' },
];

describe('SIGKILL at random moments under the load of 8 writers', () => {
  it.each(LOOPS)(
    'of $victim ($shape): nothing is forwarded without a record or twice, and nothing released is lost',
    async (loop) => {
      const account = await runKillLoop(loop);
      console.log(`SIGKILL of ${loop.victim}, ${loop.shape}: ${JSON.stringify(account)}`);
      expect(account.kills).toBeGreaterThanOrEqual(KILLS_MIN);
      expect(account.released).toBeGreaterThanOrEqual(account.kills);
      expect(account.reached).toBeGreaterThanOrEqual(account.released);
      // The ingress lives and knows how its calls ended; it says so once there is a ledger again.
      if (loop.victim === 'ledger') expect(account.unknown).toBeLessThanOrEqual(account.calls / 50);
    },
    BUDGET_MS + 90_000,
  );
});
