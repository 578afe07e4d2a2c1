import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from '#bus/bus.js';
import type { ApprovalEvent, ApprovalRequested, Person } from '#core/approval/approval.events.js';
import type { DelegationEvent } from '#core/delegation/delegation.events.js';
import type { Entry } from '#core/evidence/entry.js';
import { DelegationDirectory } from './delegation/delegation-directory.js';
import { Directory } from './directory.js';
import { REPORTED_MAX, ReportedApprovals } from './http/reported-approvals.js';

const NOW = '2026-11-28T12:00:00.000Z';
const HOUR_MS = 3_600_000;
const later = (ms: number): string => new Date(Date.parse(NOW) + ms).toISOString();
const LIMITS = { ms: HOUR_MS, max: 3 };

beforeEach(() => vi.useFakeTimers({ now: Date.parse(NOW), toFake: ['Date'] }));
afterEach(() => {
  vi.useRealTimers();
});

const entry = (revision: number, event: object): Entry => ({ v: 1, revision, time: NOW, ...event }) as never;
const requested = (id: string, changes: Partial<ApprovalRequested['data']> = {}): object => ({
  type: 'ApprovalRequested',
  data: { attachKey: id, callId: id, requirements: [], expiresAt: later(24 * HOUR_MS), ...changes },
});
const denied: Partial<ApprovalEvent> = { type: 'ApprovalDenied', data: { reason: 'no' } } as never;
const grant = { key: 'k', uses: 2, for_s: 7_200, same: [], limits: [] };

const apply = (directory: Directory, id: string, ...events: readonly object[]): void => {
  for (const [revision, event] of events.entries()) directory.applyApproval(id, entry(revision, event));
};
const end = (directory: Directory, id: string): void => {
  apply(directory, id, requested(id), denied);
  directory.applyHoldEnd({ approvalId: id, because: 'denied' });
};
/** More than are kept, and long ago. */
const others = (directory: Directory): void => {
  for (let at = 0; at <= LIMITS.max; at++) end(directory, `other-${at}`);
};

describe('an approval that has ended', () => {
  it('is dropped once it is the oldest of too many, or after its time', () => {
    const directory = new Directory(LIMITS);
    end(directory, 'a');
    for (let at = 1; at < LIMITS.max; at++) end(directory, `other-${at}`);
    expect(directory.get('a')).toBeDefined();
    end(directory, 'one-more');
    expect(directory.get('a')).toBeUndefined();
    expect(directory.all()).toHaveLength(LIMITS.max);
    vi.setSystemTime(Date.parse(NOW) + HOUR_MS + 1);
    directory.tidy();
    expect(directory.all()).toEqual([]);
  });

  it('does not come back with the news of it that are read late', () => {
    const directory = new Directory(LIMITS);
    end(directory, 'a');
    others(directory);
    directory.applyApproval('a', entry(1, denied));
    directory.applyHoldEnd({ approvalId: 'a', because: 'denied' });
    expect(directory.get('a')).toBeUndefined();
    expect(directory.unclosed()).toEqual([]);
  });

  it('makes readers of the live list who knew it begin anew, once nobody knows when it changed', () => {
    const directory = new Directory(LIMITS);
    end(directory, 'a');
    directory.noteChange('a', 7n);
    others(directory);
    directory.noteChange('other-3', 9n);
    expect(directory.changes.knowsSince(6n)).toBe(false);
    expect(directory.changes.knowsSince(7n)).toBe(true);
    expect(directory.changes.since(7n)).toEqual([{ approvalId: 'other-3', position: 9n }]);
  });
});

describe('an approval', () => {
  it.each<[string, (directory: Directory) => void]>([
    ['it is pending', (directory) => apply(directory, 'a', requested('a'))],
    [
      'it is granted and its call has not run',
      (directory) => apply(directory, 'a', requested('a'), { type: 'ApprovalGranted', data: {} }),
    ],
    ['its call has not ended', (directory) => apply(directory, 'a', requested('a'), denied)],
    [
      'further calls may run under it',
      (directory) => {
        const granted = { type: 'ApprovalGranted', data: { until: later(48 * HOUR_MS) } };
        apply(directory, 'a', requested('a', { grant }), granted);
        directory.applyHoldEnd({ approvalId: 'a', because: 'granted' });
      },
    ],
    [
      'somebody owes its review, in time or late',
      (directory) => {
        const required = { type: 'ReviewRequired', data: { by: ['audit'], dueAt: later(1) } };
        const granted = { type: 'ApprovalGranted', data: { how: 'break-glass' } };
        const overdue = { type: 'ReviewOverdue', data: { dueAt: later(1) } };
        apply(directory, 'a', requested('a'), granted, required, overdue);
        directory.applyHoldEnd({ approvalId: 'a', because: 'granted' });
      },
    ],
  ])('is not dropped while %s', (_, open) => {
    const directory = new Directory(LIMITS);
    open(directory);
    others(directory);
    vi.setSystemTime(Date.parse(NOW) + 12 * HOUR_MS);
    directory.tidy();
    expect(directory.all().map(({ approvalId }) => approvalId)).toEqual(['a']);
  });

  it('of which further calls ran is dropped after the time of its grant', () => {
    const directory = new Directory(LIMITS);
    apply(directory, 'a', requested('a', { grant }), {
      type: 'ApprovalGranted',
      data: { until: later(2 * HOUR_MS) },
    });
    directory.applyHoldEnd({ approvalId: 'a', because: 'granted' });
    expect(directory.grants.find('k', NOW)).toBe('a');
    vi.setSystemTime(Date.parse(NOW) + 2 * HOUR_MS);
    directory.tidy();
    expect(directory.get('a')).toBeDefined();
    vi.setSystemTime(Date.parse(NOW) + 4 * HOUR_MS);
    directory.tidy();
    expect(directory.get('a')).toBeUndefined();
  });
});

describe('a delegation', () => {
  const delegate: Person = { principal: 'dan', issuer: 'https://issuer', subject: 'dan' };
  const granted = (until: string): Partial<DelegationEvent> =>
    ({
      type: 'DelegationGranted',
      data: { delegator: delegate, delegate, roles: [], from: NOW, until, reason: '' },
    }) as never;

  it('that is over is dropped after a time, and an open one never', () => {
    const directory = new DelegationDirectory(LIMITS);
    directory.apply('short', entry(0, granted(later(1_000))));
    directory.apply('long', entry(0, granted(later(48 * HOUR_MS))));
    vi.setSystemTime(Date.parse(NOW) + 2_000);
    directory.tidy();
    expect(directory.all()).toHaveLength(2);
    vi.setSystemTime(Date.parse(NOW) + 2 * HOUR_MS);
    directory.tidy();
    expect(directory.all().map(({ delegationId }) => delegationId)).toEqual(['long']);
    expect(directory.openTo(delegate, later(2 * HOUR_MS))).toHaveLength(1);
  });
});

describe('a report', () => {
  it(`of more than ${REPORTED_MAX} approvals is refused, and its reader told to ask for less`, async () => {
    const items = Array.from({ length: 200 }, () => ({}));
    const endless: Bus = {
      request: async (contract) => contract.reply.parse({ items, next: { at: NOW, n: 1 } }),
      close: async () => undefined,
    };
    await expect(new ReportedApprovals(endless).within('decided', {})).rejects.toMatchObject({
      code: 'report_too_large',
    });
  });
});
