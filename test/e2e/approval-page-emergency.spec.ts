import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEV_APPROVAL_CLIENT_ID } from '#identity/dev-token-request.js';
import { pageOf, signInAs } from './support/approver-page.js';
import { bankUpstream, startBank } from './support/bank.js';
import { type Browser, startBrowser, type Tab } from './support/browser.js';
import { demoPolicyWith } from './support/policies.js';
import { type Approval, approver, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const POLICY = demoPolicyWith(
  'approval: { by: [manager], count: 1, expires: 30m }',
  `approval:
      by: [manager]
      count: 1
      expires: 30m
      break_glass: { roles: [operator, policy-owner], review: [auditor], within: 1h }`,
);

describe('in an emergency, on the approval page', () => {
  let stage: Stage;
  let system: PrivateSystem;
  let browser: Browser;
  let held: Approval;
  beforeAll(async () => {
    stage = await openStage();
    const bank = await startBank(stage);
    system = await startPrivate(stage, {
      policy: POLICY,
      upstreams: [bankUpstream(bank)],
      settings: (issuer) => ({
        approvals: { hold_ms: 200, login: { issuer, client_id: DEV_APPROVAL_CLIENT_ID } },
      }),
    });
    browser = await startBrowser(stage);
    const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
    await engineer.call('update_customer', { customer_id: 'C-1003', fields: { notes: 'urgent' } });
    await engineer.close();
    const manager = await approver(system, 'manager-1');
    held = await waitUntil('the approval', async () => (await manager.list('pending'))[0]);
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  const as = async (user: string): Promise<Tab> => {
    const tab = await browser.tab();
    await signInAs(tab, pageOf(system, held.id), user);
    return tab;
  };
  const breakGlass = async (tab: Tab, reason: string, until: RegExp): Promise<void> => {
    await tab.click('summary');
    await tab.click('#emergency-reason');
    await tab.type(reason);
    await tab.click('button[value=break-glass]', until);
  };

  it('two people of the two roles break the glass, each with a reason, and one alone does not', async () => {
    const manager = await as('manager-1');
    expect(await manager.evaluate<number>('document.querySelectorAll("details").length')).toBe(0);
    expect(await manager.text()).toContain('one of operator and one of policy-owner, can grant it together');
    const operator = await as('operator');
    // Blank is no reason; the browser lets it pass, the decider does not.
    await breakGlass(operator, '   ', /\/page$/);
    expect(await operator.text()).toContain('reason_missing');
    await breakGlass(operator, 'the core is down', /counted=break-glass/);
    expect(await operator.text()).toContain('One of the other role must do so, too.');
    expect(await operator.evaluate<number>('document.querySelectorAll("details").length')).toBe(0);
    expect((await (await approver(system, 'manager-1')).one(held.id)).status).toBe('pending');
    const owner = await as('policy-owner-1');
    expect(await owner.text()).toContain('“the core is down”');
    await breakGlass(owner, 'seen it', /counted=break-glass/);
    expect(await owner.text()).toContain('The glass is broken');
    expect((await (await approver(system, 'manager-1')).one(held.id)).status).toBe('granted');
  });

  it('somebody of the roles that review finds it in the inbox, and says once what they found', async () => {
    const tab = await browser.tab();
    await signInAs(tab, `${system.urls.approval}/approvals/page`, 'auditor');
    expect(await tab.text()).toContain('Reviews that wait for you');
    await tab.click(`a[href$="/approvals/${held.id}/page"]`, /\/page$/);
    expect(await tab.text()).toContain('It was granted in an emergency, past the people who approve it.');
    await tab.click('#review-reason');
    await tab.type('the core was down');
    await tab.click('button[value=justified]', /counted=justified/);
    expect(await tab.text()).toContain('found justified by auditor: “the core was down”');
    expect(await tab.evaluate<number>('document.querySelectorAll("#review-reason").length')).toBe(0);
    const events = await (await examiner(system)).events();
    expect(events.filter(({ type }) => type === 'ApprovalReviewed')).toHaveLength(1);
    expect(tab.console).toEqual([]);
  });
});
