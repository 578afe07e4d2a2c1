import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallRequested } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { AppendCommand } from '#core/evidence/build-append.js';
import { APPROVED } from './approval.fixture.js';
import { type History, losing, openHistory, type Sketch } from './history.fixture.js';
import { Ledger } from './ledger.js';

const USES = 5;
const KEY = 'key-1';
const UNTIL = '2026-11-22T14:00:00.000Z';
const EXPIRES = '2026-11-22T13:00:00.000Z';
const CALLER = { issuer: 'https://id', subject: 'ana', client: 'agent' } as CallRequested['data']['caller'];
const ANSWER = {
  effect: 'approval',
  operation: 'pay',
  rules: ['P-1'],
  approval: {
    requirements: [{ by: ['manager'], count: 1 }],
    expires_s: 3_600,
    grant: { uses: USES, for_s: 7_200, same: ['args.from'], limits: [] },
  },
};

let history: History;
let ledger: Ledger;
let approvalId: string;
/** The call that asked for the approval. */
let asking: string;

const requested = (changes: Partial<CallRequested['data']> = {}): Sketch => ({
  type: 'CallRequested',
  data: { caller: CALLER, server: 's', tool: 'pay', toolDigest: 'sha256:t', ...changes },
});
const decided = (changes: object = {}, decision: object = ANSWER): Sketch => ({
  type: 'CallDecided',
  data: { decision, policyDigest: 'sha256:p', profileDigest: 'sha256:m', ...changes },
});
const intended = (grantKey?: string): Sketch => ({
  type: 'ForwardIntended',
  data: {
    instance: 'i-1',
    deadline_ms: 1_000,
    approvalId,
    server: 's',
    ...(grantKey !== undefined && { grantKey }),
  },
});
const first = (parts: readonly Sketch[], by = randomUUID()) => history.append(`call-${by}`, -1, ...parts);
const underGrant = (by = randomUUID()) => first([requested(), decided(), intended(KEY)], by);
/** Its entries say that they belong to another call. */
const about = (callId: string, { events, ...command }: AppendCommand): AppendCommand => ({
  ...command,
  events: events.map((event) => ({
    ...event,
    entry: Buffer.from(
      Buffer.from(event.entry)
        .toString('utf8')
        .replace(/"correlation":"[^"]*"/, `"correlation":"${callId}"`),
    ),
  })),
});
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) =>
      error instanceof CountersignError ? `${error.code}: ${error.detail}` : String(error),
  );
const approvalAppend = async (...events: readonly Sketch[]) => {
  const { length } = await history.store.readStream(`approval-${approvalId}`);
  await ledger.append(history.append(`approval-${approvalId}`, length - 1, ...events));
};
const usesOf = async () =>
  (await history.store.readStream(`approval-${approvalId}`)).filter(({ type }) => type === 'GrantUsed');
const at = async <T>(time: string, make: () => T): Promise<T> => {
  const before = history.clock.time;
  history.clock.time = time;
  try {
    return make();
  } finally {
    history.clock.time = before;
  }
};

/** A call that was held and asked for the approval; `runs`: and was forwarded under it. */
const approved = async ({ runs = true, hasGrant = true, terms = {}, until = UNTIL } = {}): Promise<void> => {
  const callId = randomUUID();
  asking = callId;
  approvalId = randomUUID();
  await ledger.append(first([requested(), decided(), APPROVED.held(approvalId)], callId));
  const grant = { ...ANSWER.approval.grant, key: KEY, ...terms };
  await approvalAppend(
    APPROVED.asked(callId, EXPIRES, { grant, profileDigest: 'sha256:m' }),
    APPROVED.voted(),
    { type: 'ApprovalGranted', data: hasGrant ? { until } : {} },
  );
  if (!runs) return;
  const released: Sketch = { type: 'HoldEnded', data: { approvalId, because: 'granted' } };
  await ledger.append(history.append(`call-${callId}`, 2, decided(), released, intended()));
};

beforeAll(async () => {
  history = await openHistory();
  await history.activate('sha256:p');
});
afterAll(() => history.close());
beforeEach(async () => {
  ledger = new Ledger(history.store);
  await approved();
});

describe('a call under the grant of an approval', () => {
  it('is counted in the stream of the approval before it is stored', async () => {
    const by = randomUUID();
    expect(await codeOf(ledger.append(underGrant(by)))).toBe('stored');
    const [use] = await usesOf();
    const { data } = JSON.parse(Buffer.from(use?.entry ?? []).toString('utf8')) as { data: unknown };
    expect(data).toEqual({ callId: by, use: 2 });
  });

  it('runs as often as the grant says, the call that asked included, and not once more', async () => {
    const answers: string[] = [];
    for (let each = 0; each < USES; each++) answers.push(await codeOf(ledger.append(underGrant())));
    expect(answers.filter((answer) => answer === 'stored')).toHaveLength(USES - 1);
    expect(answers.at(-1)).toMatch(/^approval_stale: all 5 uses/);
  });

  it('never runs more often, whatever races at two ledgers', async () => {
    const other = new Ledger(history.store);
    const racers = Array.from({ length: 40 }, (_, each) => (each % 2 === 0 ? ledger : other));
    const answers = await Promise.all(racers.map((racer) => codeOf(racer.append(underGrant()))));
    expect(answers.filter((answer) => answer === 'stored')).toHaveLength(USES - 1);
    expect(answers.filter((answer) => /^approval_stale: all 5 uses/.test(answer))).toHaveLength(41 - USES);
    expect(await usesOf()).toHaveLength(USES - 1);
  });

  it('whose own append failed behind its use takes no second one when it comes again', async () => {
    const by = randomUUID();
    const broken = new Ledger(losing(history.store, `call-${by}`));
    expect(await codeOf(broken.append(underGrant(by)))).toMatch(/^ledger_unavailable/);
    expect(await codeOf(ledger.append(underGrant(by)))).toBe('stored');
    expect(await usesOf()).toHaveLength(1);
    expect(await codeOf(ledger.append(underGrant(by)))).toMatch(/^revision_conflict/);
  });

  it('whose use is counted already is refused all the same once the grant is revoked', async () => {
    const by = randomUUID();
    const broken = new Ledger(losing(history.store, `call-${by}`));
    expect(await codeOf(broken.append(underGrant(by)))).toMatch(/^ledger_unavailable/);
    await approvalAppend({ type: 'GrantRevoked', data: { by: {}, reason: 'no more' } });
    expect(await codeOf(ledger.append(underGrant(by)))).toBe('approval_stale: the grant was revoked');
  });

  it('takes a use of its own, whichever call its entries say they are about', async () => {
    const other = randomUUID();
    const answers: string[] = [];
    for (let each = 0; each < USES; each++)
      answers.push(await codeOf(ledger.append(about(other, underGrant()))));
    expect(answers.filter((answer) => answer === 'stored')).toHaveLength(USES - 1);
  });

  it.each<[string, readonly Sketch[]]>([
    ['another person', [requested({ caller: { ...CALLER, subject: 'bob' } }), decided()]],
    ['another client', [requested({ caller: { ...CALLER, client: 'other' } }), decided()]],
    ['another server', [requested({ server: 't' }), decided()]],
    ['another tool', [requested({ tool: 'pay-all' }), decided()]],
    ['another method', [requested({ method: 'prompts/get' }), decided()]],
    ['a tool that has changed', [requested({ toolDigest: 'sha256:u' }), decided()]],
    ['another mask', [requested(), decided({ profileDigest: null })]],
    ['a call that other rules are for', [requested(), decided({}, { ...ANSWER, rules: ['P-1', 'P-2'] })]],
    [
      'a call that more people must approve',
      [
        requested(),
        decided(
          {},
          {
            ...ANSWER,
            approval: { ...ANSWER.approval, requirements: [{ by: ['manager'], count: 2 }] },
          },
        ),
      ],
    ],
  ])('is refused for %s, and takes no use', async (_, parts) => {
    expect(await codeOf(ledger.append(first([...parts, intended(KEY)])))).toBe(
      'approval_stale: the grant covers other calls',
    );
    expect(await usesOf()).toHaveLength(0);
  });

  it('is refused for another policy, and takes no use', async () => {
    await history.activate('sha256:q');
    const other = first([requested(), decided({ policyDigest: 'sha256:q' }), intended(KEY)]);
    expect(await codeOf(ledger.append(other))).toBe('approval_stale: the grant covers other calls');
    await history.activate('sha256:p');
    expect(await usesOf()).toHaveLength(0);
  });

  it('is refused with another key', async () => {
    const other = first([requested(), decided(), intended('key-2')]);
    expect(await codeOf(ledger.append(other))).toBe('approval_stale: the grant covers other calls');
  });

  it('is refused from the very end of its time on', async () => {
    const late = await at(UNTIL, () => underGrant());
    expect(await codeOf(ledger.append(late))).toBe('approval_stale: the time of the grant is over');
    const last = await at('2026-11-22T13:59:59.999Z', () => underGrant());
    expect(await codeOf(ledger.append(last))).toBe('stored');
  });

  it('is refused once the grant is revoked', async () => {
    await approvalAppend({ type: 'GrantRevoked', data: { by: {}, reason: 'no more' } });
    expect(await codeOf(ledger.append(underGrant()))).toBe('approval_stale: the grant was revoked');
  });

  it('is refused once the approval is withdrawn', async () => {
    await approvalAppend({ type: 'ApprovalWithdrawn', data: { reason: 'no' } });
    expect(await codeOf(ledger.append(underGrant()))).toBe('approval_stale: approval is withdrawn');
  });

  it('is refused once the call that asked has ended without having run, also before its approval has', async () => {
    await approved({ runs: false });
    await ledger.append(
      history.append(
        `call-${asking}`,
        2,
        { type: 'HoldEnded', data: { approvalId, because: 'cancelled' } },
        { type: 'CallCancelled', data: { reason: 'no more' } },
      ),
    );
    expect(await codeOf(ledger.append(underGrant()))).toBe(
      'approval_stale: the call that asked has ended and never ran',
    );
  });

  it.each<[string, object, RegExp]>([
    ['more uses', { uses: USES + 1 }, /another grant/],
    ['a longer time', { for_s: 7_201 }, /another grant/],
    ['fewer arguments that are the same', { same: [] }, /another grant/],
    ['other limits', { limits: ['args.amount < 5'] }, /another grant/],
  ])('is refused where people were asked for %s than policy had decided', async (_, terms, why) => {
    await approved({ runs: false, terms });
    expect(await codeOf(ledger.append(underGrant()))).toMatch(why);
    expect(await usesOf()).toHaveLength(0);
  });

  it('is refused where the grant ends later than policy lets it, counted from the vote', async () => {
    await approved({ until: '2026-11-22T14:00:00.001Z' });
    expect(await codeOf(ledger.append(underGrant()))).toBe(
      'approval_stale: the grant ends later than policy allows',
    );
    expect(await usesOf()).toHaveLength(0);
  });

  it('is refused where the approval is for one call', async () => {
    await approved({ hasGrant: false });
    expect(await codeOf(ledger.append(underGrant()))).toBe('approval_stale: the approval is for one call');
  });

  it('is refused after the expiry of an approval whose own call never ran, and not before', async () => {
    await approved({ runs: false });
    expect(await codeOf(ledger.append(underGrant()))).toBe('stored');
    const late = await at(EXPIRES, () => underGrant());
    expect(await codeOf(ledger.append(late))).toMatch(/^approval_stale: the approval expired before/);
  });

  it('is refused when it was not asked for and decided in the same append', async () => {
    const by = randomUUID();
    await ledger.append(first([requested(), decided()], by));
    expect(await codeOf(ledger.append(history.append(`call-${by}`, 1, intended(KEY))))).toMatch(
      /^policy_stale/,
    );
  });

  it('may be continued until the grant ends, and not once it is revoked', async () => {
    const asksMore = async (): Promise<string> => {
      const by = randomUUID();
      await ledger.append(underGrant(by));
      const ended: Sketch[] = [{ type: 'CallReturned' }, { type: 'ResultMasked' }];
      const outcome: Sketch = { type: 'CallCompleted', data: { outcome: 'input_required' } };
      await ledger.append(history.append(`call-${by}`, 2, ...ended, outcome));
      return by;
    };
    const continued = (callId: string) => first([requested({ continues: callId }), decided(), intended()]);
    const [one, two, three] = [await asksMore(), await asksMore(), await asksMore()];
    const behindExpiry = await at('2026-11-22T13:30:00.000Z', () => continued(one));
    expect(await codeOf(ledger.append(behindExpiry))).toBe('stored');
    const late = await at(UNTIL, () => continued(two));
    expect(await codeOf(ledger.append(late))).toMatch(/^approval_expired/);
    await approvalAppend({ type: 'GrantRevoked', data: { by: {}, reason: 'no more' } });
    expect(await codeOf(ledger.append(continued(three)))).toMatch(/^approval_stale: the grant was revoked/);
  });
});
