import { setTimeout as pause } from 'node:timers/promises';
import type { ApprovalItem } from '../../commands/approvals.js';
import type { Page } from '../../commands/calls.js';
import { type Api, Refused } from '../../server/api.js';
import type { ToolAnswer } from '../agent.js';
import type { Story } from '../story.js';

const CUSTOMER = 'C-1001';
const EMAIL = 'new.address@example.com';
const NOTES = 'Prefers letters since the branch moved.';
const LOOKS = 100;
const LOOK_MS = 100;

/** Held, shown masked, approved by another human, and carried out exactly once. */
export const engineerIsHeld = async (story: Story): Promise<void> => {
  const { engineer, tell, check } = story;
  tell(
    `It updates the e-mail address and the notes of ${CUSTOMER}. The call does not come back: a manager must agree first.`,
  );
  let answered = false;
  const answer = engineer
    .call('update_customer', { customer_id: CUSTOMER, fields: { email: EMAIL, notes: NOTES } })
    .finally(() => {
      answered = true;
    });
  // Whatever goes wrong below, the story tells it; the call's own failure is seen where it is awaited.
  answer.catch(() => undefined);
  const manager = await story.approvalsAs('manager-1');
  const item = await managerLooks(story, manager);
  const before = await story.stage.bankStats();
  check(
    'while it is held, nothing has reached the bank’s server',
    before.by_tool['update_customer'] === undefined && !answered,
    before.by_tool,
  );
  await requesterTries(story, item);
  await managerApproves(story, manager, item);
  await engineerIsAnswered(story, await answer);
  await anybodySees(story);
};

const managerLooks = async ({ tell, exhibit, check }: Story, manager: Api): Promise<ApprovalItem> => {
  const item = await pendingApproval(manager);
  const { id, requester, server, tool, arguments: shown, reasons, digest } = item;
  tell('manager-1 lists what waits for an approval:');
  exhibit({
    id,
    requester: requester.principal,
    agent: requester.agent,
    server,
    tool,
    arguments: shown,
    reasons,
    digest,
  });
  check(
    'the approval says who asks for what, and which rule holds it',
    requester.principal === 'data-engineer' &&
      tool === 'update_customer' &&
      reasons.some(({ id }) => id === 'DE-1'),
    item,
  );
  check(
    'the manager sees the arguments masked',
    !JSON.stringify(item).includes(EMAIL) && JSON.stringify(shown).includes('[EMAIL]'),
    shown,
  );
  return item;
};

const pendingApproval = async (manager: Api): Promise<ApprovalItem> => {
  for (let look = 0; look < LOOKS; look++) {
    const [item] = (await manager.get<Page<ApprovalItem>>('/approvals?status=pending')).items;
    if (item !== undefined) return item;
    await pause(LOOK_MS);
  }
  throw new Error('no pending approval has shown up');
};

const requesterTries = async (story: Story, { id, digest }: ApprovalItem): Promise<void> => {
  const { tell, exhibit, check } = story;
  tell('The data engineer tries to approve it alone:');
  const requester = await story.approvalsAs('data-engineer');
  const refusal = await refusalOf(requester.post(`/approvals/${id}/approve`, { digest }));
  exhibit(refusal?.message ?? 'not refused');
  check('requesters cannot approve their own call', refusal?.code === 'approver_is_requester', refusal?.code);
};

const managerApproves = async (
  { tell, check }: Story,
  manager: Api,
  { id, digest }: ApprovalItem,
): Promise<void> => {
  const wrong = await refusalOf(
    manager.post(`/approvals/${id}/approve`, { digest: `sha256:${'0'.repeat(64)}` }),
  );
  check(
    'an approval of anything but what was shown is refused',
    wrong?.code === 'digest_mismatch',
    wrong?.code,
  );
  tell('manager-1 approves with the digest that was shown.');
  const approved = await manager.post<ApprovalItem>(`/approvals/${id}/approve`, {
    digest,
    reason: 'Customer asked for it in writing.',
  });
  check(
    'the approval is granted',
    approved.status === 'granted' || approved.status === 'used',
    approved.status,
  );
  const again = await refusalOf(manager.post(`/approvals/${id}/approve`, { digest }));
  check('it cannot be granted twice', again?.code === 'approval_closed', again?.code);
};

const engineerIsAnswered = async (
  { tell, exhibit, check, stage }: Story,
  answer: ToolAnswer,
): Promise<void> => {
  tell('The engineer’s call comes back:');
  exhibit(answer.structuredContent ?? answer);
  check(
    'the call was carried out',
    answer.isError !== true && JSON.stringify(answer.structuredContent?.['updated']) === '["email","notes"]',
    answer,
  );
  const stats = await stage.bankStats();
  check('the bank’s server counts exactly one update', stats.by_tool['update_customer'] === 1, stats.by_tool);
  const took = stats.log.filter(({ tool, took_effect }) => tool === 'update_customer' && took_effect);
  check('and its books changed exactly once', took.length === 1, took);
};

const anybodySees = async ({ analyst, check }: Story): Promise<void> => {
  const answer = await analyst.call('get_customer', { customer_id: CUSTOMER });
  const text = JSON.stringify(answer);
  check(
    'a later read shows the new notes, and the new e-mail address masked',
    text.includes(NOTES) && !text.includes(EMAIL),
    answer,
  );
};

const refusalOf = async (request: Promise<unknown>): Promise<Refused | undefined> => {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
};
