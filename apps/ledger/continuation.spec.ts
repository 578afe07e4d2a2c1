import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallRequested } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { APPROVED, decisionFor } from './approval.fixture.js';
import { type History, losing, openHistory, type Sketch } from './history.fixture.js';
import { Ledger } from './ledger.js';

let history: History;
let ledger: Ledger;
/** The approved call that has asked for input, and its approval. */
let first: string;
let approvalId: string;

const CALLER = { issuer: 'https://id', subject: 'ana', client: 'agent' };
const requested = (changes: Partial<CallRequested['data']> = {}): Sketch => ({
  type: 'CallRequested',
  data: { caller: CALLER, server: 's', tool: 'pay', toolDigest: 'sha256:t', ...changes },
});
const decided = (policyDigest = 'sha256:p', effect = 'approval'): Sketch => ({
  type: 'CallDecided',
  data: { decision: { ...decisionFor(), effect }, policyDigest, profileDigest: null },
});
const intended = (approval: string | null = approvalId): Sketch => ({
  type: 'ForwardIntended',
  data: { instance: 'i-1', deadline_ms: 1_000, approvalId: approval, server: 's' },
});
const ended = (outcome: string): readonly Sketch[] => [
  { type: 'CallReturned' },
  { type: 'ResultMasked' },
  { type: 'CallCompleted', data: { outcome } },
];
const continues = (callId: string, by = randomUUID(), changes: Partial<CallRequested['data']> = {}) =>
  history.append(`call-${by}`, -1, requested({ continues: callId, ...changes }), decided(), intended());
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) =>
      error instanceof CountersignError ? `${error.code}: ${error.detail}` : String(error),
  );

/** An approved call up to its outcome, through the ledger's own checks. */
const approvedCall = async (outcome: string, expiresAt = '2026-11-22T13:00:00.000Z'): Promise<void> => {
  first = randomUUID();
  approvalId = randomUUID();
  const granted: Sketch = { type: 'HoldEnded', data: { approvalId, because: 'granted' } };
  await ledger.append(history.append(`call-${first}`, -1, requested(), decided(), APPROVED.held(approvalId)));
  const { asked, voted, granted: given } = APPROVED;
  await ledger.append(history.append(`approval-${approvalId}`, -1, asked(first, expiresAt), voted(), given));
  await ledger.append(history.append(`call-${first}`, 2, decided(), granted, intended(), ...ended(outcome)));
};

beforeAll(async () => {
  history = await openHistory();
  await history.activate('sha256:p');
});
afterAll(() => history.close());
beforeEach(async () => {
  ledger = new Ledger(history.store);
  await approvedCall('input_required');
});

describe('a call that brings the input an approved call has asked for', () => {
  it('runs under the approval of that call, and says so in its stream', async () => {
    const by = randomUUID();
    expect(await codeOf(ledger.append(continues(first, by)))).toBe('stored');
    const types = (await history.store.readStream(`call-${first}`)).map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['CallCompleted', 'CallContinued']);
  });

  it('may itself be continued, under the same approval', async () => {
    const second = randomUUID();
    await ledger.append(continues(first, second));
    await ledger.append(history.append(`call-${second}`, 2, ...ended('input_required')));
    expect(await codeOf(ledger.append(continues(second)))).toBe('stored');
  });

  it('is the only one, also after a restart of the ledger and of two at once', async () => {
    const answers = await Promise.all([
      codeOf(ledger.append(continues(first))),
      codeOf(new Ledger(history.store).append(continues(first))),
    ]);
    expect(answers.filter((answer) => answer === 'stored')).toHaveLength(1);
    expect(await codeOf(new Ledger(history.store).append(continues(first)))).toMatch(
      /^approval_stale: .*continued before/,
    );
  });

  it('is stored when it comes again because the first append failed behind the mark', async () => {
    const by = randomUUID();
    const broken = new Ledger(losing(history.store, `call-${by}`));
    expect(await codeOf(broken.append(continues(first, by)))).toMatch(/^ledger_unavailable/);
    expect(await codeOf(ledger.append(continues(first, by)))).toBe('stored');
    expect(await codeOf(ledger.append(continues(first)))).toMatch(/continued before/);
  });

  it.each<[string, Partial<CallRequested['data']>]>([
    ['another person', { caller: { ...CALLER, subject: 'bob' } as CallRequested['data']['caller'] }],
    [
      'an issuer of another name',
      { caller: { ...CALLER, issuer: 'https://x' } as CallRequested['data']['caller'] },
    ],
    ['another client', { caller: { ...CALLER, client: 'other' } as CallRequested['data']['caller'] }],
    ['another server', { server: 't' }],
    ['another tool', { tool: 'pay-all' }],
    ['another method', { method: 'prompts/get' }],
    ['a tool that has changed', { toolDigest: 'sha256:u' }],
  ])('is refused for %s', async (_, changes) => {
    expect(await codeOf(ledger.append(continues(first, randomUUID(), changes)))).toMatch(
      /^approval_stale: .*was another call/,
    );
    expect(await codeOf(ledger.append(continues(first)))).toBe('stored');
  });

  it('may name its method although the first call did not', async () => {
    const by = continues(first, randomUUID(), { method: 'tools/call' });
    expect(await codeOf(ledger.append(by))).toBe('stored');
  });

  it('is refused under another policy than it was approved under', async () => {
    const under = [requested({ continues: first }), decided('sha256:q'), intended()];
    const command = history.append(`call-${randomUUID()}`, -1, ...under);
    await history.activate('sha256:q');
    expect(await codeOf(ledger.append(command))).toMatch(/approved under another policy/);
    await history.activate('sha256:p');
  });

  it('is refused when there is no such call', async () => {
    expect(await codeOf(ledger.append(continues(randomUUID())))).toMatch(/^approval_stale: .*not on record/);
  });

  it('is refused when that call ran under another approval', async () => {
    const other = first;
    await approvedCall('input_required');
    expect(await codeOf(ledger.append(continues(other)))).toMatch(/did not run under this approval/);
  });

  it.each([['result'], ['task']])('is refused when that call ended with outcome %s', async (outcome) => {
    await approvedCall(outcome);
    expect(await codeOf(ledger.append(continues(first)))).toMatch(/did not end by asking for input/);
  });

  it('is refused once the approval has expired', async () => {
    const { time } = history.clock;
    history.clock.time = '2026-11-22T13:00:00.000Z';
    const late = continues(first);
    history.clock.time = time;
    expect(await codeOf(ledger.append(late))).toMatch(/^approval_expired/);
  });

  it('is refused without an approval where policy asks for one', async () => {
    const without = [requested({ continues: first }), decided(), intended(null)];
    const command = history.append(`call-${randomUUID()}`, -1, ...without);
    expect(await codeOf(ledger.append(command))).toMatch(/^revision_conflict/);
  });

  it('needs no approval where policy allows it', async () => {
    const allowed = [requested({ continues: first }), decided('sha256:p', 'allow'), intended(null)];
    expect(await codeOf(ledger.append(history.append(`call-${randomUUID()}`, -1, ...allowed)))).toBe(
      'stored',
    );
  });

  it('that names an approval but continues nothing is refused', async () => {
    const alone = [requested(), decided(), intended()];
    expect(await codeOf(ledger.append(history.append(`call-${randomUUID()}`, -1, ...alone)))).toMatch(
      /^revision_conflict/,
    );
  });

  it('cannot be waved through by a mark that a service writes itself', async () => {
    const mark: Sketch = { type: 'CallContinued', data: { by: randomUUID() } };
    const { length } = await history.store.readStream(`call-${first}`);
    expect(await codeOf(ledger.append(history.append(`call-${first}`, length - 1, mark)))).toMatch(
      /^revision_conflict/,
    );
  });
});
