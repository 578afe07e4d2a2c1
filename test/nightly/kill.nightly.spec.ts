import { describe, expect, it } from 'vitest';
import { type KillLoop, runKillLoop } from '../fault/kill-loop.js';

const budget_ms = 40 * 60_000;
const LOOPS: readonly KillLoop[] = [
  { shape: 'standalone', victim: 'countersign', kills: 500, budget_ms, seed: 'nightly standalone' },
  { shape: 'distributed', victim: 'ledger', kills: 250, budget_ms, seed: 'nightly ledger' },
  { shape: 'distributed', victim: 'ingress', kills: 100, budget_ms, seed: 'nightly ingress' },
  { shape: 'distributed', victim: 'masking', kills: 50, budget_ms, seed: 'nightly masking' },
  { shape: 'distributed', victim: 'policy', kills: 50, budget_ms, seed: 'nightly policy' },
];

describe('many SIGKILLs under load', () => {
  it.each(LOOPS)(
    'of $victim ($shape)',
    async (loop) => {
      const account = await runKillLoop(loop);
      console.log(`SIGKILL of ${loop.victim}, ${loop.shape}: ${JSON.stringify(account)}`);
      expect(account.kills).toBe(loop.kills);
      expect(account.released).toBeGreaterThanOrEqual(account.kills);
    },
    budget_ms + 10 * 60_000,
  );
});
