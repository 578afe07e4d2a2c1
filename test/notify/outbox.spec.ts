import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Channel, DeliveryError, type Sent } from '../../apps/approval/notify/channel.js';
import {
  BROKEN,
  DENIED,
  happen,
  kindsOf,
  openLedger,
  type Replica,
  recordingChannel,
  request,
  startReplica,
  type TestLedger,
  voted,
} from './replica.fixture.js';

const SOON = { timeout: 30_000, interval: 20 };

let ledger: TestLedger;
let replicas: Replica[];
const start = async (...channels: Channel[]): Promise<Replica> => {
  const replica = await startReplica(ledger.bus, channels);
  replicas.push(replica);
  return replica;
};
beforeEach(async () => {
  replicas = [];
  ledger = await openLedger();
});
afterEach(async () => {
  ledger.setAway(false);
  for (const replica of replicas) await replica.stop();
  await ledger.close();
});

const typesOf = async (approvalId: string): Promise<readonly string[]> =>
  (await ledger.notices(approvalId)).map(({ type }) => type);
const never = (): Promise<Sent> => new Promise(() => undefined);

describe('the outbox', () => {
  it('tells a channel what happens, in order, each on record before and after, and hands it what it answered before', async () => {
    const previous: (Sent | undefined)[] = [];
    const channel = recordingChannel('chat', async ({ id }, sent) => {
      previous.push(sent);
      return { reference: { last: id } };
    });
    const replica = await start(channel);
    const approvalId = await request(replica);
    await expect.poll(() => kindsOf(channel.told, approvalId), SOON).toEqual(['requested']);
    await happen(replica, approvalId, voted('m1'));
    await expect.poll(() => kindsOf(channel.told, approvalId), SOON).toEqual(['requested', 'voted']);
    await happen(replica, approvalId, voted('m2'), DENIED);
    await expect
      .poll(() => kindsOf(channel.told, approvalId), SOON)
      .toEqual(['requested', 'voted', 'resolved']);
    await expect.poll(() => typesOf(approvalId), SOON).toHaveLength(6);
    expect(await typesOf(approvalId)).toEqual(
      Array.from({ length: 3 }, () => ['NoticeIntended', 'NoticeSent']).flat(),
    );
    expect(previous).toEqual([
      undefined,
      { reference: { last: `${approvalId}_0` } },
      { reference: { last: `${approvalId}_1` } },
    ]);
    expect(channel.told.at(-1)?.item.status).toBe('denied');
  });

  it('tells those who must review an emergency, after its end, and the same channel what they found', async () => {
    const channel = recordingChannel('chat');
    const replica = await start(channel);
    const approvalId = await request(replica);
    await happen(replica, approvalId, ...BROKEN);
    await expect
      .poll(() => kindsOf(channel.told, approvalId).slice(-2), SOON)
      .toEqual(['resolved', 'review']);
    const [ended, review] = channel.told.slice(-2);
    expect(ended?.roles).toEqual(['manager']);
    expect(review?.roles).toEqual(['risk']);
    expect(review?.item).toMatchObject({ how: 'break-glass', review: { by: ['risk'], status: 'due' } });
  });

  it('never lets a channel that hangs hold up approvals, other approvals, or other channels', async () => {
    const stuck = recordingChannel('stuck', never);
    const fine = recordingChannel('fine');
    const replica = await start(stuck, fine);
    const ids = [];
    for (let count = 0; count < 20; count++) ids.push(await request(replica));
    for (const id of ids) await happen(replica, id, DENIED);
    for (const id of ids) await expect.poll(() => kindsOf(fine.told, id).at(-1), SOON).toBe('resolved');
    expect(stuck.told.length).toBeLessThan(ids.length);
  });

  it('shares the work among replicas: each notice is sent by one of them', async () => {
    // Slow enough for the other to come while one is sending.
    const slow = async (): Promise<Sent> => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { reference: {} };
    };
    const [one, two] = [recordingChannel('chat', slow), recordingChannel('chat', slow)];
    const first = await start(one);
    const second = await start(two);
    const ids = [];
    for (let count = 0; count < 30; count++) ids.push(await request(count % 2 === 0 ? first : second));
    for (const id of ids)
      await expect.poll(() => typesOf(id), SOON).toEqual(['NoticeIntended', 'NoticeSent']);
    const all = [...one.told, ...two.told].map(({ id }) => id).sort();
    expect(all).toEqual(ids.map((id) => `${id}_0`).sort());
  });

  it('tells after a restart what could not be told before, and of what ended meanwhile only the end', async () => {
    const dead = recordingChannel('chat', async () => {
      throw new DeliveryError('http_503');
    });
    const before = await start(dead);
    const approvalId = await request(before);
    await expect.poll(() => typesOf(approvalId), SOON).toEqual(['NoticeIntended', 'NoticeFailed']);
    await before.stop();
    const silent = await start();
    await expect.poll(() => silent.directory.get(approvalId)?.approval.status, SOON).toBe('pending');
    await happen(silent, approvalId, DENIED);
    const alive = recordingChannel('chat');
    await start(alive);
    await expect.poll(() => kindsOf(alive.told, approvalId), SOON).toEqual(['resolved']);
  });

  it('updates after a restart what was sent before it', async () => {
    const before = await start(recordingChannel('chat', async () => ({ reference: { message: 'm-1' } })));
    const approvalId = await request(before);
    await expect.poll(() => typesOf(approvalId), SOON).toEqual(['NoticeIntended', 'NoticeSent']);
    await before.stop();
    const previous: (Sent | undefined)[] = [];
    const replica = await start(
      recordingChannel('chat', async (_, sent) => {
        previous.push(sent);
        return { reference: {} };
      }),
    );
    await expect.poll(() => replica.directory.get(approvalId)?.approval.status, SOON).toBe('pending');
    await happen(replica, approvalId, DENIED);
    await expect.poll(() => previous, SOON).toEqual([{ reference: { message: 'm-1' } }]);
  });

  it('tells a channel that is new what waits, and the end of what has just ended', async () => {
    const before = await start(recordingChannel('old'));
    const open = await request(before);
    const settled = await request(before);
    await expect.poll(() => typesOf(settled), SOON).toHaveLength(2);
    await happen(before, settled, DENIED);
    await expect.poll(() => typesOf(settled), SOON).toHaveLength(4);
    await before.stop();
    const [old, fresh] = [recordingChannel('old'), recordingChannel('new')];
    await start(old, fresh);
    await expect.poll(() => kindsOf(fresh.told, open), SOON).toEqual(['requested']);
    await expect.poll(() => kindsOf(fresh.told, settled), SOON).toEqual(['resolved']);
    expect(old.told).toEqual([]);
  });

  it('sends nothing that it cannot put on record, and sends once it can', async () => {
    const channel = recordingChannel('chat');
    const replica = await start(channel);
    const approvalId = await request(replica);
    await expect.poll(() => typesOf(approvalId), SOON).toHaveLength(2);
    ledger.setAway(true);
    await expect(happen(replica, approvalId, voted('m1'))).rejects.toMatchObject({
      code: 'ledger_unavailable',
    });
    ledger.setAway(false);
    await happen(replica, approvalId, voted('m1'));
    await expect.poll(() => kindsOf(channel.told, approvalId), SOON).toEqual(['requested', 'voted']);
  });

  it('records the outcome of what it sent while the ledger was away, and does not send it twice', async () => {
    let release: (() => void) | undefined;
    const channel = recordingChannel('chat', async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { reference: {} };
    });
    const replica = await start(channel);
    const approvalId = await request(replica);
    await expect.poll(() => release, SOON).toBeDefined();
    ledger.setAway(true);
    release?.();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    ledger.setAway(false);
    await expect.poll(() => typesOf(approvalId), SOON).toEqual(['NoticeIntended', 'NoticeSent']);
    expect(channel.told).toHaveLength(1);
  });

  it.each<[string, unknown, object]>([
    ['that is final', new DeliveryError('http_410', { final: true }), { reason: 'http_410', final: true }],
    [
      'of a library',
      Object.assign(new Error('to bob@bank.example'), { code: 'ECONNRESET' }),
      { reason: 'ECONNRESET' },
    ],
    ['without a code', new Error('to bob@bank.example'), { reason: 'error' }],
    [
      'with a strange code',
      Object.assign(new Error('x'), { code: 'to bob@bank.example' }),
      { reason: 'error' },
    ],
    ['with a long reason', new DeliveryError('x'.repeat(1_000)), { reason: 'x'.repeat(100) }],
  ])('records a failure %s by its code, and nothing of its words', async (_, error, expected) => {
    const replica = await start(
      recordingChannel('chat', async () => {
        throw error;
      }),
    );
    const approvalId = await request(replica);
    await expect.poll(() => typesOf(approvalId), SOON).toEqual(['NoticeIntended', 'NoticeFailed']);
    const [, failed] = await ledger.notices(approvalId);
    expect(failed?.data).toMatchObject(expected);
    expect(JSON.stringify(failed)).not.toContain('bob');
  });

  it('gives up what answers with a reference too long to keep', async () => {
    const replica = await start(
      recordingChannel('chat', async () => ({ reference: { text: 'x'.repeat(2_048) } })),
    );
    const approvalId = await request(replica);
    await expect.poll(() => typesOf(approvalId), SOON).toEqual(['NoticeIntended', 'NoticeFailed']);
    expect((await ledger.notices(approvalId))[1]?.data).toMatchObject({
      reason: 'reference_too_long',
      final: true,
    });
  });

  it('of a channel that shows arguments tells nothing while they cannot be opened', async () => {
    const channel = { ...recordingChannel('chat'), showsArguments: true };
    const replica = await start(channel);
    const approvalId = await request(replica);
    await expect.poll(() => typesOf(approvalId), SOON).toEqual(['NoticeIntended', 'NoticeFailed']);
    expect((await ledger.notices(approvalId))[1]?.data).toMatchObject({
      reason: 'masking_unavailable',
      final: false,
    });
    expect(channel.told).toEqual([]);
  });
});
