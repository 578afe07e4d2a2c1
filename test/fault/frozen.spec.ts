import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from '../e2e/support/bank.js';
import { startCluster } from '../e2e/support/distributed.js';
import { REFUSED_MS_MAX } from '../e2e/support/expect-refused.js';
import { demoCustomer } from '../e2e/support/personal-data.js';
import { DIRECT_WRITES } from '../e2e/support/policies.js';
import { codeOf, type RawAnswer, rawPost, rpc, toolCall } from '../e2e/support/raw.js';
import { approver, type Examiner, examiner, type LedgerEntry } from '../e2e/support/rest.js';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { type System, serviceOf } from '../e2e/support/system.js';
import { pause, waitUntil } from '../e2e/support/wait-until.js';

/** A late reply has come by then, and what it could do wrong would have shown. */
const LATE_MS = 2_500;
const WORKS_AGAIN_MS_MAX = 40_000;
const AT_ONCE = 5;

let stage: Stage;
let system: System;
let ledger: Examiner;
let bank: Awaited<ReturnType<typeof startBank>>;
let token: string;
let round = 0;

beforeAll(async () => {
  stage = await openStage();
  bank = await startBank(stage, { keep_requests: true });
  system = await startCluster(stage, { policy: DIRECT_WRITES, upstreams: [bankUpstream(bank)] });
  ledger = await examiner(system);
  token = await system.issuer.token('data-engineer');
  await worksAgain();
}, 90_000);
afterAll(() => stage.close(), 30_000);

const post = (body: string): Promise<RawAnswer> =>
  rawPost(`${system.urls.ingress}/mcp/core-banking`, body, { authorization: `Bearer ${token}` });
const update = (marker: string) =>
  post(
    toolCall(
      'update_customer',
      { customer_id: 'C-1001', fields: { notes: marker } },
      { progressToken: marker },
    ),
  );
const transfer = (memo: string) => {
  const [from_account = '', to_account = ''] = [demoCustomer(0), demoCustomer(1)].map(
    ({ accounts }) => accounts[0]?.account_number,
  );
  return post(toolCall('transfer_funds', { from_account, to_account, amount: '1.00', memo }));
};
/** Requests at the bank that carry the marker, by the gateway's own call ids. */
const reached = (marker: string) =>
  bank.stats().log.filter(({ arguments: input }) => JSON.stringify(input).includes(marker));
const worksAgain = () =>
  waitUntil(
    'a call comes through',
    async () => codeOf(await update(`works-${round++}-`)) === undefined,
    WORKS_AGAIN_MS_MAX,
  );

/** Several at once while the process is frozen; each is answered in time. The process goes on in any case. */
const whileFrozen = async (
  name: string,
  send: () => readonly Promise<RawAnswer>[],
): Promise<readonly RawAnswer[]> => {
  const frozen = serviceOf(system, name);
  frozen.signal('SIGSTOP');
  try {
    const answers = await Promise.all(send());
    console.log(
      `${name} frozen: answered after ${answers.map(({ elapsed_ms }) => Math.round(elapsed_ms)).join(', ')} ms`,
    );
    return answers;
  } finally {
    frozen.signal('SIGCONT');
  }
};
const expectRefused = (answers: readonly RawAnswer[], codes: readonly string[]): void => {
  for (const answer of answers) {
    expect(codes).toContain(codeOf(answer));
    expect(answer.status).toBe(503);
    expect(answer.elapsed_ms).toBeLessThan(REFUSED_MS_MAX);
  }
};
const markers = (name: string): readonly string[] =>
  Array.from({ length: AT_ONCE }, (_, index) => `${name}-frozen-${index}-`);
const eventsOfCalls = async (): Promise<ReadonlyMap<string, readonly LedgerEntry[]>> =>
  Map.groupBy(
    (await ledger.events()).filter(({ stream }) => stream.startsWith('call-')),
    ({ stream }) => stream,
  );
/** Calls that began after `known`, each of which must have come to its end. */
const newCalls = async (known: ReadonlyMap<string, unknown>) =>
  [...(await eventsOfCalls())].filter(([stream]) => !known.has(stream)).map(([, events]) => events);

describe('while a service is frozen', () => {
  it.each([
    ['policy', ['policy_unavailable']],
    ['ledger', ['ledger_unavailable']],
    ['nats', ['policy_unavailable', 'ledger_unavailable']],
  ] as const)(
    '%s: calls are refused in time and never reach the upstream, not even later',
    async (name, codes) => {
      const known = await eventsOfCalls();
      const answers = await whileFrozen(name, () => markers(name).map(update));
      expectRefused(answers, codes);
      await worksAgain();
      await pause(LATE_MS);
      for (const marker of markers(name)) expect(reached(marker)).toEqual([]);
      const ends = (await newCalls(known))
        .filter(([first]) => first?.type === 'CallRequested')
        .map((events) => events.at(-1));
      for (const end of ends) {
        expect(['CallDenied', 'CallFailed', 'CallCompleted']).toContain(end?.type);
        if (end?.type !== 'CallCompleted') expect(codes).toContain(end?.data['code']);
      }
    },
    60_000,
  );

  it('policy: the tools cannot be listed either', async () => {
    expectRefused(await whileFrozen('policy', () => [post(rpc('tools/list'))]), ['policy_unavailable']);
    await worksAgain();
  });

  it('masking: the result is withheld, its original is sealed, and the call is recorded as failed', async () => {
    const names = markers('masking');
    const answers = await whileFrozen('masking', () => names.map(update));
    expectRefused(answers, ['masking_unavailable']);
    for (const { text } of answers) expect(text).not.toContain('structuredContent');
    await worksAgain();
    await pause(LATE_MS);
    const calls = await eventsOfCalls();
    for (const marker of names) {
      const [request, ...more] = reached(marker);
      expect(more).toEqual([]);
      const { params } = JSON.parse(request?.body ?? '') as { params: { _meta: { progressToken: string } } };
      const events = calls.get(`call-${params._meta.progressToken}`) ?? [];
      expect(events.map(({ type }) => type)).toEqual([
        'CallRequested',
        'CallDecided',
        'ForwardIntended',
        'CallReturned',
        'CallFailed',
      ]);
      expect(events.at(-2)?.payload?.commit).toMatch(/^sha256:/);
      expect(events.at(-1)?.data).toMatchObject({ code: 'masking_unavailable' });
    }
  }, 60_000);

  it('masking: a call that needs an approval is refused, because nobody could be shown it', async () => {
    const answers = await whileFrozen('masking', () => [transfer('masking frozen')]);
    expectRefusedOnStream(answers, 'masking_unavailable');
    await worksAgain();
    expect(reached('masking frozen')).toEqual([]);
  });

  it('approval: a call that needs one is refused in time, is no approval later, and others go on', async () => {
    const known = await eventsOfCalls();
    const answers = await whileFrozen('approval', () => [
      transfer('approval frozen'),
      transfer('approval frozen too'),
      update('beside-approval-'),
    ]);
    expectRefused(answers.slice(0, 2), ['approval_unavailable']);
    expect(codeOf(answers[2] as RawAnswer)).toBeUndefined();
    await worksAgain();
    await pause(LATE_MS);
    expect(reached('approval frozen')).toEqual([]);
    const manager = await approver(system, 'manager-1');
    expect(await waitUntil('the approvals', () => manager.list('pending').catch(() => undefined))).toEqual(
      [],
    );
    const ends = (await newCalls(known)).map((events) => events.at(-1)?.type);
    expect(ends.filter((type) => type === 'CallDenied')).toHaveLength(2);
  }, 60_000);

  it('and none of it leaves a trace that does not replay', async () => {
    const { checked, different } = await ledger.replay();
    expect(checked).toBeGreaterThan(AT_ONCE);
    expect(different).toEqual([]);
  });
});

/** Once a wait has begun the status is sent; the refusal comes on the stream. */
const expectRefusedOnStream = (answers: readonly RawAnswer[], code: string): void => {
  for (const answer of answers) {
    expect(codeOf(answer)).toBe(code);
    expect(answer.elapsed_ms).toBeLessThan(REFUSED_MS_MAX);
  }
};
