import { describe, expect, it } from 'vitest';
import { type KillLoop, runKillLoop } from '../fault/kill-loop.js';

const MINUTE_MS = 60_000;
const LOOPS: readonly KillLoop[] = [
  { shape: 'standalone', victim: 'countersign', kills: 500, seed: 'nightly standalone' },
  { shape: 'distributed', victim: 'ledger', kills: 250, seed: 'nightly ledger' },
  { shape: 'distributed', victim: 'ingress', kills: 100, seed: 'nightly ingress' },
  { shape: 'distributed', victim: 'masking', kills: 50, seed: 'nightly masking' },
  { shape: 'distributed', victim: 'policy', kills: 50, seed: 'nightly policy' },
];

describe('many SIGKILLs under load', () => {
  it.each(LOOPS)(
    'of $victim ($shape), $kills times',
    async (loop) => {
      const account = await runKillLoop(loop);
      console.log(`${loop.kills} kills of ${loop.victim}: ${JSON.stringify(account)}`);
      expect(account.released).toBeGreaterThan(loop.kills);
    },
    60 * MINUTE_MS,
  );
});
