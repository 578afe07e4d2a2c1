import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '#core/errors.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { type History, openHistory, type Sketch } from './history.fixture.js';
import { Instances } from './instances.js';
import { Ledger } from './ledger.js';
import { Projection } from './projection/projection.js';
import { Recovery } from './recovery.js';
import { readTranscript } from './transcript.js';

let history: History;
let ledger: Ledger;
let projection: Projection;

beforeEach(async () => {
  history = await openHistory();
  await history.activate('sha256:p');
  ledger = new Ledger(history.store);
  projection = new Projection(history.store, join(history.folder, 'projection.db'));
});
afterEach(async () => {
  await projection.close();
  await history.close();
});

const requested: Sketch = {
  type: 'CallRequested',
  data: {
    agent: null,
    caller: { client: 'c', groups: [], issuer: 'i', principal: 'anna', subject: 's', token: {} },
    endpoint: 'mcp/bank',
    protocol: '2025-11-25',
    server: 'bank',
    tool: 'read',
    toolDigest: null,
  },
  sealed: { name: 'read', arguments: {} },
};
const decided = (effect: string): Sketch => ({
  type: 'CallDecided',
  data: { decision: { effect, rules: ['A'] }, policyDigest: 'sha256:p' },
});
const intended = (approvalId: string | null = null): Sketch => ({
  type: 'ForwardIntended',
  data: { server: 'bank', instance: 'gone', deadline_ms: 1_000, approvalId, request: 'sha256:' },
});
const answered: readonly Sketch[] = [
  requested,
  decided('allow'),
  intended(),
  { type: 'CallReturned', data: { kind: 'result', elapsed_us: 1 } },
  { type: 'ResultMasked', data: { counts: {} }, sealed: { findings: [], masked: {} } },
];
const future: Sketch = { type: 'FutureThing', v: 7, data: { anything: [1] } };
const completed9: Sketch = { type: 'CallCompleted', v: 9, data: { how: 'well' } };

const call = async (...events: readonly Sketch[]): Promise<string> => {
  const id = randomUUID();
  await history.record(`call-${id}`, -1, ...events);
  return id;
};
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof CountersignError ? error.code : error),
  );
const items = async () =>
  new Map(
    (await projection.list({ filter: {}, order: 'newest', limit: 100 })).items.map(({ id, outcome }) => [
      id,
      outcome,
    ]),
  );

describe('an event of a newer release', () => {
  it('is stored and read back byte for byte where the ledger has no rules of its own', async () => {
    const command = history.append(`list-${randomUUID()}`, -1, future, { ...future, v: 8 });
    await ledger.append(command);
    const events = await history.store.readStream(command.stream);
    expect(events.map(({ entry }) => Buffer.from(entry))).toEqual(
      command.events.map(({ entry }) => Buffer.from(entry)),
    );
    expect(events.map(({ entry }) => readEntry(entry).v)).toEqual([7, 8]);
  });

  it.each([future, completed9])(
    'is not taken into a call, whose rules cannot be held then: $type',
    async (unknown) => {
      const id = await call(...answered);
      const before = await history.store.readStream(`call-${id}`);
      expect(await codeOf(ledger.append(history.append(`call-${id}`, 4, unknown)))).toBe('event_unknown');
      expect(await history.store.readStream(`call-${id}`)).toEqual(before);
    },
  );

  it('of another noun is not taken into a call either', async () => {
    const id = await call(requested);
    const strange = history.append(`call-${id}`, 0, { type: 'ApprovalGranted' });
    expect(await codeOf(ledger.append(strange))).toBe('revision_conflict');
  });

  it('lets nothing follow in a call that has it', async () => {
    const id = await call(requested, decided('allow'), intended(), future);
    const failed: Sketch = { type: 'CallFailed', data: { code: 'internal', detail: '' } };
    expect(await codeOf(ledger.append(history.append(`call-${id}`, 3, failed)))).toBe('event_unknown');
  });

  it('in an approval lets nobody forward under it', async () => {
    const approvalId = randomUUID();
    const id = await call(requested, decided('approval'), { type: 'CallHeld', data: { approvalId } });
    await history.record(
      `approval-${approvalId}`,
      -1,
      { type: 'ApprovalRequested', data: { callId: id, expiresAt: '2099-01-01T00:00:00.000Z' } },
      { type: 'ApprovalGranted' },
      future,
    );
    const release = history.append(
      `call-${id}`,
      2,
      decided('approval'),
      { type: 'HoldEnded', data: { approvalId, because: 'granted' } },
      intended(approvalId),
    );
    expect(await codeOf(ledger.append(release))).toBe('event_unknown');
  });

  it('is told of in the list of calls, and hides no call behind it', async () => {
    const unread = await call(...answered, completed9);
    const strange = await call(...answered.slice(0, 3), future);
    const late = await call({ ...requested, v: 9 }, decided('deny'));
    const plain = await call(...answered, { type: 'CallCompleted', data: { outcome: 'result' } });
    expect(await items()).toEqual(
      new Map([
        [plain, 'completed'],
        [strange, 'forwarding'],
        [unread, 'unknown_version'],
      ]),
    );
    expect((await items()).has(late)).toBe(false);
  });

  it('is shown in the transcript as one that cannot be read, and not taken for an outcome', async () => {
    const id = await call(...answered, completed9);
    const transcript = await readTranscript(history.store, history.bus, id);
    expect(transcript.events.at(-1)).toMatchObject({
      type: 'CallCompleted',
      data: { how: 'well' },
      unknown_version: 9,
    });
    expect(transcript.events.slice(0, -1).filter((event) => 'unknown_version' in event)).toEqual([]);
    expect(transcript.outcome).toMatchObject({ type: 'CallCompleted', unknown_version: 9 });
    expect(transcript.outcome).not.toHaveProperty('how');
    expect(transcript.response).toEqual({});
  });

  it('of which a later, known end tells the outcome does not hide that end', async () => {
    const end: Sketch = { type: 'CallCompleted', data: { outcome: 'result' } };
    const id = await call(...answered, future, end);
    const { outcome } = await readTranscript(history.store, history.bus, id);
    expect(outcome).toMatchObject({ type: 'CallCompleted', outcome: 'result' });
  });

  it('at the beginning of a call makes its transcript an error that says what to do', async () => {
    const id = await call({ ...requested, v: 9 });
    expect(await codeOf(readTranscript(history.store, history.bus, id))).toBe('event_unknown');
    expect(await codeOf(readTranscript(history.store, history.bus, randomUUID()))).toBe('not_found');
  });

  it('keeps recovery from closing its call, and from nothing else', async () => {
    const strange = await call(...answered.slice(0, 3), future);
    const plain = await call(...answered.slice(0, 3));
    const recovery = new Recovery(ledger, new Instances(), projection, pino({ enabled: false }));
    await recovery.onApplicationBootstrap();
    await expect
      .poll(async () => (await history.store.readStream(`call-${plain}`)).at(-1)?.type)
      .toBe('CallOutcomeUnknown');
    await recovery.onApplicationShutdown();
    expect((await history.store.readStream(`call-${strange}`)).at(-1)?.type).toBe('FutureThing');
  });
});
