import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from '../e2e/support/bank.js';
import { REFUSED_MS_MAX } from '../e2e/support/expect-refused.js';
import { DIRECT_WRITES } from '../e2e/support/policies.js';
import { codeOf, rawPost, toolCall } from '../e2e/support/raw.js';
import { approver, examiner } from '../e2e/support/rest.js';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { startPrivate } from '../e2e/support/standalone.js';
import { type System, serviceOf } from '../e2e/support/system.js';
import { waitUntil } from '../e2e/support/wait-until.js';

const DISK_BYTES = 24 * 1024 * 1024;
const FULL = ['ledger_full', 'ledger_unavailable'];

/** Only root may mount. Answers why not, or undefined. */
const mountTmpfs = (folder: string): string | undefined => {
  mkdirSync(folder, { recursive: true });
  const { status, stderr, error } = spawnSync(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder],
    { encoding: 'utf8' },
  );
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
};

const canMount = (): boolean => {
  const folder = join('/tmp', `countersign-mount-${process.pid}`);
  const why = mountTmpfs(folder);
  if (why === undefined) spawnSync('umount', [folder]);
  else console.log(`the tests of a full disk are skipped: ${why}`);
  rmSync(folder, { recursive: true, force: true });
  return why === undefined;
};

describe.skipIf(!canMount())('when the disk of the ledger is full', () => {
  let stage: Stage;
  let system: System;
  let bank: Awaited<ReturnType<typeof startBank>>;
  let token: string;
  let data: string;

  beforeAll(async () => {
    stage = await openStage();
    data = join(stage.folder, 'small-disk');
    const why = mountTmpfs(data);
    if (why !== undefined) throw new Error(why);
    stage.defer(() => void spawnSync('umount', ['-l', data]));
    bank = await startBank(stage);
    system = await startPrivate(stage, { policy: DIRECT_WRITES, upstreams: [bankUpstream(bank)], data });
    token = await system.issuer.token('data-engineer');
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  const update = (marker: string) =>
    rawPost(
      `${system.urls.ingress}/mcp/core-banking`,
      toolCall('update_customer', { customer_id: 'C-1001', fields: { notes: marker } }),
      { authorization: `Bearer ${token}` },
    );

  /** Takes the rest of the disk, to the last block. */
  const fill = async (): Promise<string> => {
    const file = join(data, 'ballast');
    const handle = await open(file, 'w');
    try {
      for (const size of [1024 * 1024, 64 * 1024, 4 * 1024]) {
        const block = Buffer.alloc(size);
        for (let more = true; more; )
          more = await handle.write(block).then(
            ({ bytesWritten }) => bytesWritten === size,
            () => false,
          );
      }
    } finally {
      await handle.close();
    }
    return file;
  };

  /** Asks until it is refused: a little room is left in pages that are in hand. */
  const untilRefused = async (ask: () => Promise<{ status: number; body: unknown }>): Promise<unknown> => {
    for (let n = 0; n < 200; n++) {
      const { status, body } = await ask();
      if (status !== 200) return (body as { code?: unknown }).code;
    }
    return undefined;
  };

  it('votes and reads are refused with a clear code, and all of it works again when there is room', async () => {
    const transfer = toolCall('transfer_funds', {
      from_account: 'A-1',
      to_account: 'A-2',
      amount_cents: 100,
    });
    const held = rawPost(`${system.urls.ingress}/mcp/core-banking`, transfer, {
      authorization: `Bearer ${token}`,
    });
    const manager = await approver(system, 'manager-1');
    const pending = await waitUntil(
      'the transfer is held',
      async () => (await manager.list('pending'))[0],
      15_000,
    );
    const ballast = await fill();
    const reader = { authorization: `Bearer ${await system.issuer.token('examiner')}` };
    const read = async () => {
      const response = await fetch(`${system.urls.ledger}/ledger/calls`, { headers: reader });
      return { status: response.status, body: await response.json() };
    };
    expect(await untilRefused(read)).toBe('ledger_full');
    const vote = () => manager.approve(pending.id, { digest: pending.digest });
    const voted = await vote();
    expect([voted.status, voted.body.code]).toEqual([503, 'ledger_full']);
    rmSync(ballast);
    await waitUntil('the vote counts', async () => (await vote()).status === 200);
    expect((await held).status).toBe(200);
    await waitUntil('the read model follows', async () => (await read()).status === 200);
    const [newest] = await (await examiner(system)).calls();
    expect(newest).toMatchObject({ tool: 'transfer_funds', approvalId: pending.id });
  }, 90_000);

  it('calls are refused in time and not forwarded, the process lives, and it recovers by itself', async () => {
    expect(codeOf(await update('before'))).toBeUndefined();
    const ballast = await fill();
    let refused = 0;
    for (let n = 0; refused < 5 && n < 200; n++) {
      const marker = `full-${n}-`;
      const reachedBefore = bank.stats().calls;
      const answer = await update(marker);
      expect(answer.elapsed_ms).toBeLessThan(REFUSED_MS_MAX);
      const code = codeOf(answer);
      // Until the pages that the store has in hand are used up, calls still come through.
      if (code === undefined) continue;
      expect(FULL).toContain(code);
      refused += 1;
      // The first refusals may be of outcomes; an intent that could not be recorded is never forwarded.
      if (refused > 2) expect(bank.stats().calls).toBe(reachedBefore);
    }
    expect(refused).toBe(5);
    expect(serviceOf(system, 'countersign').isAlive()).toBe(true);
    expect((await fetch(`${system.urls.ingress}/healthz`)).status).toBe(200);

    rmSync(ballast);
    await waitUntil(
      'calls come through again',
      async () => codeOf(await update('after')) === undefined,
      15_000,
    );
    const ledger = await examiner(system);
    const intended = (await ledger.events()).filter(({ type }) => type === 'ForwardIntended');
    expect(bank.stats().calls).toBeLessThanOrEqual(intended.length);
    const { different } = await ledger.replay();
    expect(different).toEqual([]);
    await waitUntil(
      'every call has its end',
      async () =>
        (await ledger.calls()).every(({ outcome }) => outcome !== 'forwarding' && outcome !== 'requested'),
      30_000,
    );
    for (const name of await readdir(data))
      expect((await stat(join(data, name))).size).toBeLessThanOrEqual(DISK_BYTES);
  }, 90_000);
});
