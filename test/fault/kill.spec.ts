import { describe, expect, it } from 'vitest';
import { type KillLoop, runKillLoop } from './kill-loop.js';

/** Together 50; the nightly run does more. */
const LOOPS: readonly KillLoop[] = [
  { shape: 'standalone', victim: 'countersign', kills: 30, seed: 'standalone' },
  { shape: 'distributed', victim: 'ledger', kills: 20, seed: 'ledger' },
];

describe('SIGKILL under the load of 8 writers', () => {
  it.each(LOOPS)(
    'of $victim ($shape), $kills times: nothing is forwarded without a record or twice, and nothing released is lost',
    async (loop) => {
      const account = await runKillLoop(loop);
      console.log(`${loop.kills} kills of ${loop.victim}: ${JSON.stringify(account)}`);
      expect(account.released).toBeGreaterThan(loop.kills);
      expect(account.reached).toBeGreaterThanOrEqual(account.released);
    },
    240_000,
  );
});
