import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { APPROVED } from './approval.fixture.js';
import { type History, openHistory, type Sketch } from './history.fixture.js';
import { Ledger } from './ledger.js';

const EXPIRES = '2026-11-22T13:00:00.000Z';
const { decided, ended, granted, held, intended, requested, voted, asked } = APPROVED;

let history: History;
beforeAll(async () => {
  history = await openHistory();
});
afterAll(() => history.close());

/** What comes of the forward of a held call when its approval is recorded with this. */
const forward = async (
  approval: (callId: string) => readonly Sketch[],
  {
    first = requested,
    release = decided,
    active = 'sha256:p',
  }: { readonly first?: Sketch; readonly release?: Sketch; readonly active?: string } = {},
): Promise<string> => {
  await history.activate('sha256:p');
  const ledger = new Ledger(history.store);
  const id = randomUUID();
  await ledger.append(history.append(`call-${id}`, -1, first, decided, held(id)));
  await ledger.append(history.append(`approval-${id}`, -1, ...approval(id)));
  await history.activate(active);
  const forwards = history.append(`call-${id}`, 2, release, ended(id), intended(id));
  return ledger.append(forwards).then(
    () => 'stored',
    (error: unknown) =>
      error instanceof CountersignError ? `${error.code}: ${error.detail}` : String(error),
  );
};
const askedWith = (changes: object) => (id: string) => [asked(id, EXPIRES, changes), voted(), granted];
const votes =
  (...cast: readonly Sketch[]) =>
  (id: string) => [asked(id, EXPIRES), ...cast, granted];
const ANA = { principal: 'ana', issuer: 'https://id', subject: 'ana' };
const EVA = { principal: 'eva', issuer: 'https://id', subject: 'eva' };
const two = { requirements: [{ by: ['manager'], count: 2 }] };
const asBreaker = (subject: string, role: string): Sketch => ({
  type: 'BreakGlassInvoked',
  data: {
    by: { principal: subject, issuer: 'https://id', subject },
    roles: [role],
    digest: granted.data.digest,
    reason: 'flood',
  },
});
const broken: Sketch = { type: 'ApprovalGranted', data: { ...granted.data, how: 'break-glass' } };
const breakGlass = { roles: ['commander', 'security'], review: ['risk'], within_s: 3_600 };

describe('the ledger, which takes no word for an approval, forwards', () => {
  it.each<[string, (id: string) => readonly Sketch[]]>([
    ['by the votes that were needed', votes(voted())],
    ['by two of two', (id) => [asked(id, EXPIRES, two), voted('max'), voted('eva'), granted]],
    [
      'by those who could vote only later',
      (id) => [
        asked(id, EXPIRES, {
          requirements: [{ by: ['manager'], count: 1, escalate: { after_s: 1, to: ['director'] } }],
        }),
        { type: 'ApprovalEscalated', data: { requirement: 0, to: ['director'], since: EXPIRES } },
        voted('max', { roles: ['director'] }),
        granted,
      ],
    ],
    [
      'by the two whom policy lets break the glass',
      (id) => [
        asked(id, EXPIRES, { ...two, breakGlass }),
        asBreaker('max', 'commander'),
        asBreaker('eva', 'security'),
        broken,
      ],
    ],
  ])('%s', async (_, approval) => {
    expect(await forward(approval)).toBe('stored');
  });
});

describe('the ledger refuses a forward under an approval that is recorded as granted', () => {
  it.each<[string, (id: string) => readonly Sketch[], RegExp]>([
    ['without any vote', votes(), /not enough/],
    ['with one vote of two', (id) => [asked(id, EXPIRES, two), voted(), granted], /not enough/],
    ['by somebody without the role', votes(voted('max', { roles: ['clerk'] })), /not enough/],
    ['by its requester', votes(voted('ana')), /requester/],
    [
      'by another account of its requester',
      votes(voted('ana-2', { approver: { principal: 'a', issuer: 'https://x', subject: 'a', human: 'h0' } })),
      /requester/,
    ],
    ['for its requester', votes(voted('max', { onBehalfOf: { delegation: 'x', person: ANA } })), /requester/],
    [
      'by somebody and by whom they voted for',
      (id) => [
        asked(id, EXPIRES, two),
        voted('max', { onBehalfOf: { delegation: 'x', person: EVA } }),
        voted('eva'),
        granted,
      ],
      /twice/,
    ],
    ['by one human twice', (id) => [asked(id, EXPIRES, two), voted(), voted(), granted], /twice/],
    ['by a vote that denies', votes(voted('max', { vote: 'deny' })), /not for what was asked/],
    ['by a vote on another digest', votes(voted('max', { digest: 'sha256:e' })), /not for what was asked/],
    [
      'by a glass that nobody may break',
      (id) => [asked(id, EXPIRES), asBreaker('max', 'commander'), broken],
      /not enough/,
    ],
    [
      'by one who breaks the glass in both roles',
      (id) => [
        asked(id, EXPIRES, { breakGlass }),
        asBreaker('max', 'commander'),
        asBreaker('max', 'security'),
        broken,
      ],
      /twice/,
    ],
    [
      'for another caller',
      askedWith({ requester: { issuer: 'https://id', subject: 'bob', client: 'agent' } }),
      /caller/,
    ],
    [
      'for another client',
      askedWith({ requester: { issuer: 'https://id', subject: 'ana', client: 'b' } }),
      /caller/,
    ],
    ['for another server', askedWith({ server: 't' }), /target/],
    ['for another tool', askedWith({ tool: 'close' }), /target/],
    ['for the tool as it was described before', askedWith({ toolDigest: 'sha256:u' }), /target/],
    ['under another policy', askedWith({ policyDigest: 'sha256:q' }), /policy/],
    ['under another mask', askedWith({ profileDigest: 'sha256:m' }), /policy/],
  ])('%s', async (_, approval, why) => {
    const answer = await forward(approval);
    expect(answer).toMatch(/^approval_stale: /);
    expect(answer).toMatch(why);
  });

  it('on another digest than the call was held for', async () => {
    const other = 'sha256:e';
    const all = (id: string) => [
      asked(id, EXPIRES, { digest: other }),
      voted('max', { digest: other }),
      granted,
    ];
    expect(await forward(all)).toMatch(/^approval_stale: the call was held for another digest/);
  });

  it('and decided again under another policy', async () => {
    const active = 'sha256:q';
    const release: Sketch = { ...decided, data: { ...decided.data, policyDigest: active } };
    expect(await forward(votes(voted()), { release, active })).toMatch(/^approval_stale: .* another policy/);
  });
});
