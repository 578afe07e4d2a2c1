import { describe, expect, it } from 'vitest';
import { inboxPage } from './inbox-page.js';
import { remaining, span } from './moment.js';

const NOW = '2026-11-28T12:00:00.000Z';
const inbox = { path: '/gateway', now: NOW, left_out: 0, reviews: [] };
const ITEM = {
  id: 'a/1',
  requester: '<ana>',
  agent: 'copilot',
  server: 'bank',
  tool: 'transfer',
  requestedAt: '2026-11-28T11:00:00.000Z',
  expiresAt: '2026-11-28T13:05:00.000Z',
  votes: 1,
  digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
  obstacle: undefined,
};

describe('the inbox', () => {
  it('leads to each approval, with what people wrote as text', () => {
    const { text } = inboxPage([ITEM], inbox);
    expect(text).toContain('href="/gateway/approvals/a%2F1/page">&lt;ana&gt; wants bank/transfer<');
    expect(text).toContain('expires in <strong>1 h 5 min</strong>');
    expect(text).toContain('1 vote so far');
    expect(text).toContain('through copilot · <code>sha256:0123456789ab…</code>');
    expect(inboxPage([{ ...ITEM, agent: '' }], inbox).text).not.toContain('through');
    expect(text).not.toContain('Reviews that wait');
  });

  it('shows apart what somebody can only look at, and why', () => {
    const other = { ...ITEM, id: 'other', obstacle: 'You have voted.' };
    const { text } = inboxPage([other, ITEM], inbox);
    const [own = '', others = ''] = text.split('What you may look at');
    expect(own).toContain('/approvals/a%2F1/page');
    expect(others).toContain('/approvals/other/page');
    expect(others).toContain('You have voted.');
    expect(inboxPage([other], inbox).text).toContain('Nothing waits for you.');
    expect(inboxPage([ITEM], inbox).text).not.toContain('What you may look at');
  });

  it('says when nothing waits, and how many there was no room for', () => {
    expect(inboxPage([], inbox).text).toContain('Nothing waits for you.');
    expect(inboxPage([ITEM], { ...inbox, left_out: 3 }).text).toContain('3 more wait');
    expect(inboxPage([ITEM], inbox).text).not.toContain('more wait');
  });
});

describe('a span of time', () => {
  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [3_900, '1 h 5 min'],
    [86_400, '1 d'],
    [90_061, '1 d 1 h'],
  ])('of %i seconds is written %j', (seconds, written) => {
    expect(span(seconds)).toBe(written);
  });

  it('that is over is none', () => {
    expect(remaining('2026-11-28T11:00:00.000Z', NOW)).toBe('0 s');
  });
});
