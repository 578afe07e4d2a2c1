import { describe, expect, it } from 'vitest';
import { personalCard, sharedCard } from '../../apps/approval/teams/approval-card.js';
import { emergencyOf, grantedInEmergency, viewWith } from './approval-view.fixture.js';
import { buttonOf } from './bot-framework.js';
import { assertCard } from './card-schema.js';

const URL_OF_PAGE = 'https://gateway.bank.example/approvals/a/page';
const own = (changes: Parameters<typeof viewWith>[0] = {}) =>
  personalCard({ item: viewWith(changes), url: URL_OF_PAGE, obstacle: undefined });
/** Without the places where words may be broken. */
const textOf = (card: object): string => JSON.stringify(card).replaceAll('\u200b', '');
const verbsOf = (card: object): unknown[] =>
  (card as { actions: { verb?: string; type: string }[] }).actions.map(({ verb, type }) => verb ?? type);

/** Every text that Teams would read Markdown or dates in. */
const blocksOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(blocksOf);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = value as { type?: unknown; text?: unknown };
  return [...(type === 'TextBlock' ? [String(text)] : []), ...Object.values(value).flatMap(blocksOf)];
};

describe('the card of a conversation', () => {
  it('says who, which agent, what, why, how many, until when and the digest, and no arguments or reasons of voters', () => {
    const card = sharedCard(viewWith(), URL_OF_PAGE);
    assertCard(card);
    const text = textOf(card);
    for (const part of [
      ...[
        'mara.engineer',
        'reconciliation-agent 2.1',
        'core-banking / update_customer',
        'R-4',
        '2 of manager',
      ],
      ...['otto.manager approved', '2026-11-28 14:35:10 UTC', viewWith().digest, URL_OF_PAGE],
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(/C-1003|Hamburg|checked with the branch/);
    expect(verbsOf(card)).toEqual(['show', 'Action.OpenUrl']);
  });

  it.each(['granted', 'used', 'denied', 'expired', 'withdrawn'] as const)(
    'has nothing to vote with, and asks for nothing, once it is %s',
    (status) => {
      const card = sharedCard(viewWith({ status, reason: 'a secret of C-1003' }), undefined);
      assertCard(card);
      expect(verbsOf(card)).toEqual([]);
      expect(card).not.toHaveProperty('refresh');
      expect(JSON.stringify(card)).not.toContain('C-1003');
    },
  );
});

describe('the card of a person', () => {
  it('shows the masked arguments and the reasons, and sends the digest that it shows', () => {
    const card = own();
    assertCard(card);
    for (const part of ['C-1003', 'moved to Hamburg', '[BANK_ACCOUNT]', 'checked with the branch'])
      expect(textOf(card)).toContain(part);
    expect(verbsOf(card)).toEqual(['approve', 'deny', 'Action.OpenUrl']);
    const { id: approvalId, digest } = viewWith();
    const { actions } = card as unknown as { actions: { data: unknown }[] };
    expect(actions[0]?.data).toEqual({ approvalId, digest });
  });

  it('has no buttons for somebody who cannot vote, and says why', () => {
    const card = personalCard({ item: viewWith(), url: undefined, obstacle: 'You have voted.' });
    assertCard(card);
    expect(verbsOf(card)).toEqual([]);
    expect(JSON.stringify(card)).toContain('You have voted.');
  });

  it('has no buttons for arguments that it cannot show whole', () => {
    for (const tooMuch of ['x'.repeat(4_001), Array.from({ length: 60 }, () => 1)]) {
      const card = own({ arguments: { tooMuch } });
      assertCard(card);
      expect(verbsOf(card)).toEqual(['Action.OpenUrl']);
      expect(JSON.stringify(card)).toContain('too long for a card');
    }
  });

  it('says what else a grant covers, and has no buttons for terms that it cannot show whole', () => {
    const grant = {
      uses: 20,
      for_s: 7_200,
      same: ['args.from_account'],
      limits: ['args.amount lte 1000'],
      used: 0,
    };
    const card = own({ grant });
    assertCard(card);
    for (const part of [
      'Up to 20 calls',
      '120 minutes',
      'the same args.from_account',
      'args.amount lte 1000',
    ])
      expect(textOf(card)).toContain(part);
    expect(verbsOf(card)).toContain('approve');
    expect(textOf(own({ grant: { ...grant, same: [], limits: [] } }))).toContain('any arguments');
    const tooLong = own({ grant: { ...grant, limits: Array.from({ length: 21 }, () => 'x') } });
    assertCard(tooLong);
    expect(verbsOf(tooLong)).toEqual(['Action.OpenUrl']);
  });

  it('fits into a message of Teams, whatever is in it', () => {
    const long = '漢'.repeat(5_000);
    const many = Array.from({ length: 500 }, () => long);
    const card = personalCard({
      item: viewWith({
        requester: { ...viewWith().requester, principal: long, agent: long, client: long },
        server: long,
        tool: long,
        reasons: many.map((says) => ({ id: long, says })),
        grant: { uses: 9, for_s: 60, same: ['漢'.repeat(150)], limits: many, used: 0 },
        votes: many.map((reason) => ({ approver: long, vote: 'approve', reason })),
        quorum: many.map((role) => ({ by: [role], count: 1 })),
        arguments: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, '漢'.repeat(60)])),
      }),
      url: URL_OF_PAGE,
      obstacle: undefined,
    });
    assertCard(card);
    // Arguments as long with little around them are shown, and so can be voted on.
    const roomy = own({ arguments: Object.fromEntries([...'abcdefghij'].map((k) => [k, 'ü'.repeat(300)])) });
    assertCard(roomy);
    expect(verbsOf(roomy)).toContain('approve');
  });

  it('takes texts of others as they are: no Markdown, no dates, nothing unseen or turned round', () => {
    const evil = '[click](https://evil.example) {{DATE(2026-01-01T00:00:00Z)}} a\u202eb\u200bc\nd';
    const card = own({
      ...{ server: evil, tool: evil, reasons: [{ id: evil, says: evil }], arguments: { evil, [evil]: 1 } },
      requester: { ...viewWith().requester, principal: evil, agent: evil, client: evil },
      votes: [{ approver: evil, vote: 'approve', reason: evil }],
      quorum: [{ by: [evil], count: 1 }],
    });
    assertCard(card);
    expect(blocksOf(card).join('\n')).not.toMatch(/click|DATE/);
    expect(JSON.stringify(card)).not.toMatch(/\{\{|\u202e/);
    expect(textOf(card)).toContain('a\\\\u{202e}b\\\\u{200b}c');
  });
});

describe('the card of an approval that policy lets people grant in an emergency', () => {
  const mayBreakGlass = true;
  const pending = (personal: Partial<Parameters<typeof personalCard>[0]> = {}) =>
    personalCard({ item: viewWith(emergencyOf()), url: undefined, obstacle: 'Look only.', ...personal });

  it('has the button, with what it means and a field of its own for the reason, only for those of its roles', () => {
    const card = pending({ mayBreakGlass });
    assertCard(card);
    expect(verbsOf(card)).toEqual(['Action.ShowCard']);
    for (const part of ['"operator"', '"policy-owner"', 'within 1 h', '"auditor"', '"id":"emergency"'])
      expect(textOf(card)).toContain(part);
    expect(textOf(card)).not.toContain('"id":"reason"');
    const { id: approvalId, digest } = viewWith();
    expect(buttonOf(card, 'break-glass')).toEqual({ approvalId, digest });
    for (const other of [
      pending(),
      pending({ obstacle: undefined }),
      sharedCard(viewWith(emergencyOf()), undefined),
    ])
      expect(textOf(other)).not.toMatch(/break-glass|policy-owner/);
    expect(verbsOf(pending({ obstacle: undefined, mayBreakGlass }))).toEqual([
      ...['approve', 'deny', 'Action.ShowCard'],
    ]);
  });

  it('has no such button where the arguments cannot be shown whole', () => {
    const item = viewWith({ ...emergencyOf(), arguments: { tooMuch: 'x'.repeat(4_001) } });
    expect(verbsOf(pending({ item, mayBreakGlass }))).toEqual([]);
  });

  it('says who has begun, to the conversation without the reason', () => {
    const item = viewWith(emergencyOf({ by: 'ina.operator', reason: 'core of C-1003 down' }));
    const [own, shared] = [pending({ item }), sharedCard(item, undefined)];
    for (const card of [own, shared]) {
      assertCard(card);
      expect(textOf(card)).toContain('The first of two people has broken the glass.');
      expect(textOf(card)).toContain('ina.operator');
    }
    expect(textOf(own)).toContain('core of C-1003 down');
    expect(textOf(shared)).not.toContain('C-1003');
  });

  it('asks those who review what they found, and says it to everybody without the reason', () => {
    const due = viewWith(grantedInEmergency());
    const form = personalCard({ item: due, url: undefined, obstacle: 'It is decided.', mayReview: true });
    assertCard(form);
    expect(verbsOf(form)).toEqual(['justified', 'not_justified']);
    expect(textOf(form)).toContain('What did you find?');
    expect(textOf(form)).not.toContain('It is decided.');
    assertCard(sharedCard(due, undefined));
    expect(textOf(sharedCard(due, undefined))).toContain('Granted in an emergency and run');
    expect(verbsOf(sharedCard(due, undefined))).toEqual(['show']);
    expect(textOf(sharedCard(due, undefined))).toContain(
      'is due 2026-11-28 15:05:10 UTC, by one of: auditor',
    );
    const given = { status: 'not_justified' as const, reviewer: 'ada.auditor', reason: 'C-1003 could wait' };
    const done = sharedCard(viewWith(grantedInEmergency(given)), undefined);
    expect(verbsOf(done)).toEqual([]);
    expect(textOf(done)).toContain('ada.auditor found it not justified');
    expect(textOf(done)).not.toContain('C-1003');
  });
});
