import { describe, expect, it } from 'vitest';
import type { ApprovalRequested, ApprovalVoted, Person } from '#core/approval/approval.events.js';
import { mostUseful } from './acting.js';
import type { ListedDelegation } from './delegation-directory.js';

const person = (name: string): Person => ({ principal: name, issuer: 'https://id', subject: name });
const by = (delegator: string): ListedDelegation =>
  ({
    delegationId: `of-${delegator}`,
    delegation: { grant: { delegator: person(delegator) } },
  }) as unknown as ListedDelegation;
const vote = (approver: string, onBehalfOf?: string) =>
  ({
    approver: person(approver),
    ...(onBehalfOf !== undefined && { onBehalfOf: { delegation: 'd', person: person(onBehalfOf) } }),
  }) as unknown as ApprovalVoted['data'];
const chosen = (delegators: readonly string[], ...votes: ApprovalVoted['data'][]) => {
  const request = { requester: person('ana') } as unknown as ApprovalRequested['data'];
  return mostUseful({ request, votes }, delegators.map(by))?.delegationId;
};

describe('of several delegations, a vote that names none is by', () => {
  it('the first, where all of them are as good', () => {
    expect(chosen(['max', 'eva'])).toBe('of-max');
  });
  it('one whose delegator has not voted, in person or by others', () => {
    expect(chosen(['max', 'eva'], vote('max'))).toBe('of-eva');
    expect(chosen(['max', 'eva'], vote('deputy', 'max'))).toBe('of-eva');
  });
  it('one whose delegator has not asked', () => {
    expect(chosen(['ana', 'eva'])).toBe('of-eva');
  });
  it('the first where none can count, so that the refusal says why; and by none where there is none', () => {
    expect(chosen(['ana', 'max'], vote('max'))).toBe('of-ana');
    expect(chosen([])).toBeUndefined();
  });
});
