import { describe, expect, it } from 'vitest';
import type { Entry } from '#core/evidence/entry.js';
import { Directory } from './directory.js';

const NOW = '2026-11-23T00:00:00.000Z';
const EXPIRES = '2026-11-23T00:30:00.000Z';
const entry = (type: string, revision: number, data: object = {}): Entry =>
  ({ type, v: 1, revision, time: NOW, data }) as unknown as Entry;
const grant = { uses: 3, for_s: 3_600, same: [], limits: [], key: 'k' };

/** Granted until then, its own call run. */
const granted = (directory: Directory, id: string, until: string): void => {
  const requested = { attachKey: id, callId: id, expiresAt: EXPIRES, requirements: [], grant };
  directory.applyApproval(id, entry('ApprovalRequested', 0, requested));
  directory.applyApproval(id, entry('ApprovalGranted', 1, { until }));
  directory.applyHoldEnd({ approvalId: id, because: 'granted' });
};
const LATER = '2026-11-23T02:00:00.000Z';
const SOONER = '2026-11-23T01:00:00.000Z';

describe('the grant that a call may run under', () => {
  it('is the one that ends first of those with its key', () => {
    const { grants } = withTwo();
    expect(grants.find('k', NOW)).toBe('sooner');
    expect(grants.find('k', SOONER)).toBe('later');
    expect(grants.find('k', LATER)).toBeUndefined();
    expect(grants.find('other', NOW)).toBeUndefined();
  });

  it.each([
    ['revoked', [entry('GrantRevoked', 2, { by: {}, reason: 'no' })]],
    [
      'used up',
      [entry('GrantUsed', 2, { callId: 'a', use: 2 }), entry('GrantUsed', 3, { callId: 'b', use: 3 })],
    ],
  ])('is none that is %s', (_, events) => {
    const directory = withTwo();
    for (const event of events) directory.applyApproval('sooner', event);
    expect(directory.grants.find('k', NOW)).toBe('later');
  });

  it('is none of an approval whose own call has ended without having run', () => {
    const directory = withTwo();
    const requested = { attachKey: 'a', callId: 'a', expiresAt: EXPIRES, requirements: [], grant };
    directory.applyApproval('a', entry('ApprovalRequested', 0, requested));
    directory.applyApproval('a', entry('ApprovalGranted', 1, { until: EXPIRES }));
    expect(directory.grants.find('k', NOW)).toBe('a');
    directory.applyHoldEnd({ approvalId: 'a', because: 'stale' });
    expect(directory.grants.find('k', NOW)).toBe('sooner');
  });

  it('is there while uses are left', () => {
    const directory = withTwo();
    directory.applyApproval('sooner', entry('GrantUsed', 2, { callId: 'a', use: 2 }));
    expect(directory.grants.find('k', NOW)).toBe('sooner');
  });

  it('is none of an approval whose own call did not run in time, or that is pending', () => {
    const directory = new Directory({ ms: 60_000, max: 1_000 });
    const requested = { attachKey: 'a', callId: 'a', expiresAt: EXPIRES, requirements: [], grant };
    directory.applyApproval('a', entry('ApprovalRequested', 0, requested));
    expect(directory.grants.find('k', NOW)).toBeUndefined();
    directory.applyApproval('a', entry('ApprovalGranted', 1, { until: LATER }));
    expect(directory.grants.find('k', NOW)).toBe('a');
    expect(directory.grants.find('k', EXPIRES)).toBeUndefined();
    directory.applyHoldEnd({ approvalId: 'a', because: 'granted' });
    expect(directory.grants.find('k', EXPIRES)).toBe('a');
  });
});

const withTwo = (): Directory => {
  const directory = new Directory({ ms: 60_000, max: 1_000 });
  granted(directory, 'later', LATER);
  granted(directory, 'sooner', SOONER);
  return directory;
};
