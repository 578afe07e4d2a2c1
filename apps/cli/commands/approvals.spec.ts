import { describe, expect, it } from 'vitest';
import { type ApprovalItem, approvalText } from './approvals.js';

const item: ApprovalItem = {
  id: 'a-1',
  status: 'pending',
  digest: 'sha256:a',
  callId: 'c-1',
  requester: { principal: 'ana', agent: 'helper' },
  server: 'bank',
  tool: 'transfer',
  arguments: { to: 'A-1' },
  reasons: [{ id: 'T-1', says: 'Transfers need a manager.' }],
  votes: [],
  quorum: [{ by: ['manager'], count: 2, or: [{ by: ['director'], count: 1 }] }],
  distinct: true,
  expiresAt: '2026-11-22T13:00:00.000Z',
};

describe('an approval in a terminal', () => {
  it('names every way to meet what policy asks, and those who may vote later', () => {
    expect(approvalText(item)).toContain('  needs      2 of manager or 1 of director');
    const later = { by: ['risk'], count: 1, escalate: { after_s: 600, to: ['board'] } };
    expect(approvalText({ ...item, quorum: [...item.quorum, later] })).toContain(
      'or 1 of director and 1 of risk, after 600 s also board, different people',
    );
  });

  it('says on whose behalf somebody voted', () => {
    const votes = [{ approver: 'deputy', onBehalfOf: 'max', vote: 'approve', reason: '' }];
    expect(approvalText({ ...item, votes })).toContain('  voted      deputy on behalf of max: approve');
  });

  it('lets no text of others add a line, hide what follows or drive the terminal', () => {
    const hostile = 'x\u001b[2K\r\n  digest     sha256:evil\u202e\u200b\u009b';
    const text = approvalText({
      ...item,
      requester: { principal: hostile, agent: hostile },
      arguments: { [hostile]: [hostile] },
      votes: [{ approver: hostile, vote: 'approve', reason: hostile }],
    });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text.match(/^ {2}digest /gm)).toHaveLength(1);
  });
});
