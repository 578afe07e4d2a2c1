import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import type { DelegationGranted } from '#core/delegation/delegation.events.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { APPROVAL_SERVICE } from '../approvals.js';
import { DelegationDirectory } from './delegation-directory.js';
import { Delegations, OPEN_MAX } from './delegations.js';

const account = (subject: string) => ({ principal: subject, issuer: 'https://idp', subject });
const granted = (until: string): DelegationGranted => ({
  type: 'DelegationGranted',
  v: 1,
  data: {
    delegator: account('manager'),
    delegate: account('deputy'),
    roles: ['manager'],
    from: '2026-01-01T00:00:00.000Z',
    until,
    reason: 'holiday',
  },
});
const entryOf = (event: DelegationGranted) => {
  const [built] = buildAppend(
    {
      stream: 'delegation-x',
      expected: -1,
      time: '2026-01-01T00:00:00.000Z',
      actor: APPROVAL_SERVICE,
      correlation: 'c',
      causation: 'c',
      newId: randomUUID,
    },
    [{ event: event as unknown as DomainEvent }],
  ).events;
  return readEntry(built?.entry ?? new Uint8Array());
};
/** Answers nothing: whoever asks has got past the limit. */
const silent: Bus = {
  request: () => Promise.reject(new Error('asked')),
  close: async () => undefined,
};
const give = (directory: DelegationDirectory) => {
  const { roles, delegator, delegate, reason } = granted('').data;
  const until = '2099-01-01T00:00:00.000Z';
  const command = { roles, delegator, delegate, reason, until, held: roles, isMachine: false };
  return new Delegations(silent, directory).give(APPROVAL_SERVICE, command);
};

describe('one person', () => {
  it(`has at most ${OPEN_MAX} open delegations; those that are over do not count`, async () => {
    const directory = new DelegationDirectory({ ms: 60_000, max: 1_000 });
    for (let at = 0; at < OPEN_MAX; at++)
      directory.apply(`over-${at}`, entryOf(granted('2026-01-02T00:00:00.000Z')));
    await expect(give(directory)).rejects.toThrow('asked');
    for (let at = 0; at < OPEN_MAX - 1; at++)
      directory.apply(`open-${at}`, entryOf(granted('2099-01-01T00:00:00.000Z')));
    await expect(give(directory)).rejects.toThrow('asked');
    directory.apply('last', entryOf(granted('2099-01-01T00:00:00.000Z')));
    await expect(give(directory)).rejects.toMatchObject({ code: 'delegation_refused' });
  });
});
