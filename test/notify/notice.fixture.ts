import type { Notice } from '../../apps/approval/notify/channel.js';

/** Markup, header injection, and bidirectional marks in all that others choose. */
export const HOSTILE = 'x\r\nBcc: evil@evil.example\r\n\r\n<script>alert(1)</script>\u202e"\'&';

type Item = Notice['item'];

export const noticeOf = (change: Partial<Notice> = {}, item: Partial<Item> = {}): Notice => ({
  id: 'a1_0',
  approvalId: 'a1',
  kind: 'requested',
  url: 'https://gateway.bank.example/approvals/a1/page',
  roles: ['manager'],
  ...change,
  item: {
    id: 'a1',
    status: 'pending',
    digest: `sha256:${'a'.repeat(64)}`,
    callId: 'c1',
    requester: {
      principal: 'dana.engineer',
      issuer: 'https://login.bank.example',
      subject: 'subject-of-dana',
      human: 'E-4711',
      client: 'agent-client',
      agent: 'Claude Code',
    },
    server: 'core-banking',
    tool: 'update_customer',
    arguments: null,
    reasons: [{ id: 'DE-1', says: 'Writes need a manager.' }],
    votes: [],
    quorum: [{ by: ['manager'], count: 1 }],
    distinct: true,
    requestedAt: '2026-01-01T00:00:00.000Z',
    expiresAt: '2026-01-01T00:30:00.000Z',
    ...item,
  },
});

export const NEVER = new AbortController().signal;
