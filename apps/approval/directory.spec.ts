import { describe, expect, it } from 'vitest';
import type { Entry } from '#core/evidence/entry.js';
import { Directory } from './directory.js';

const NOW = '2026-11-23T00:00:00.000Z';
const EXPIRES = '2026-11-23T01:00:00.000Z';

const entry = (type: string, revision: number, data: object = {}): Entry =>
  ({ type, v: 1, revision, time: NOW, data }) as unknown as Entry;
const requested = entry('ApprovalRequested', 0, { attachKey: 'k', callId: 'c', expiresAt: EXPIRES });
const request = (directory: Directory, approvalId: string): void =>
  directory.applyApproval(approvalId, requested);

describe('the approval of an identical call', () => {
  it('is the newest one, also when news of an older one come later', () => {
    const directory = new Directory({ ms: 60_000, max: 1_000 });
    request(directory, 'old');
    directory.applyApproval('old', entry('ApprovalDenied', 1, { reason: 'no' }));
    request(directory, 'new');
    directory.applyHoldEnd({ approvalId: 'old', because: 'denied' });
    expect(directory.findOpen('k', NOW)?.approvalId).toBe('new');
  });

  it.each([
    ['denied', entry('ApprovalDenied', 1, { reason: 'no' })],
    ['withdrawn', entry('ApprovalWithdrawn', 1, { reason: 'no' })],
    ['expired', entry('ApprovalExpired', 1, { expiresAt: EXPIRES })],
  ])('is none once it is %s', (_, end) => {
    const directory = new Directory({ ms: 60_000, max: 1_000 });
    request(directory, 'a');
    directory.applyApproval('a', end);
    expect(directory.findOpen('k', NOW)).toBeUndefined();
  });

  it('is none once its call has ended', () => {
    const directory = new Directory({ ms: 60_000, max: 1_000 });
    request(directory, 'a');
    directory.applyHoldEnd({ approvalId: 'a', because: 'cancelled' });
    expect(directory.findOpen('k', NOW)).toBeUndefined();
  });
});

describe('an approval that has ended', () => {
  it('is unclosed until the hold of its call has ended, too', () => {
    const directory = new Directory({ ms: 60_000, max: 1_000 });
    request(directory, 'a');
    expect(directory.unclosed()).toEqual([]);
    directory.applyApproval('a', entry('ApprovalDenied', 1, { reason: 'no' }));
    expect(directory.unclosed()).toMatchObject([{ approvalId: 'a', decided: { as: 'denied', at: NOW } }]);
    directory.applyHoldEnd({ approvalId: 'a', because: 'denied' });
    expect(directory.unclosed()).toEqual([]);
  });
});

describe('a held call', () => {
  it('is remembered until its approval is asked for, or the hold ends', () => {
    const directory = new Directory({ ms: 60_000, max: 1_000 });
    const held = { approvalId: 'a', expiresAt: EXPIRES } as Parameters<Directory['applyHeld']>[1];
    directory.applyHeld('c', held);
    directory.applyHeld('d', { ...held, approvalId: 'b' });
    expect([...directory.unasked().keys()]).toEqual(['a', 'b']);
    request(directory, 'a');
    directory.applyHoldEnd({ approvalId: 'b', because: 'expired' });
    expect(directory.unasked().size).toBe(0);
    directory.applyHeld('c', held);
    expect(directory.unasked().size).toBe(0);
  });
});
