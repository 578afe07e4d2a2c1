import { type Invocation, requiredOption, UsageError } from '../command.js';
import { openApi } from '../server/api.js';
import type { ApprovalItem } from './approvals.js';

export const EMERGENCY_OPTIONS = {
  digest: { type: 'string' },
  reason: { type: 'string' },
  verdict: { type: 'string' },
} as const;

/** `approvals break-glass ID`: one of the two whom policy lets grant a call in an emergency. */
export const breakGlass = (invocation: Invocation, words: readonly string[]): Promise<ApprovalItem> => {
  const digest = requiredOption(invocation, 'digest', 'copy it from "countersign approvals"');
  const reason = requiredOption(invocation, 'reason', 'what the emergency is; it will be reviewed');
  return act(invocation, words, 'break-glass', 'manager-1', { digest, reason });
};

/** `approvals review ID`: what somebody who was not part of it found afterwards. */
export const review = (invocation: Invocation, words: readonly string[]): Promise<ApprovalItem> => {
  const verdict = requiredOption(invocation, 'verdict', 'justified or not_justified');
  const reason = requiredOption(invocation, 'reason', 'what you found');
  return act(invocation, words, 'review', 'examiner', { verdict, reason });
};

const act = async (
  invocation: Invocation,
  [id]: readonly string[],
  verb: 'break-glass' | 'review',
  user: string,
  body: object,
): Promise<ApprovalItem> => {
  if (id === undefined || id === '') throw new UsageError(`"approvals ${verb}" needs the id of an approval`);
  const api = await openApi(invocation, user);
  return api.post<ApprovalItem>(`/approvals/${encodeURIComponent(id)}/${verb}`, body);
};

/** What was done in an emergency, and what came of it. */
export const emergencyLines = ({ breakGlass: glass, review: owed }: ApprovalItem): readonly string[] => [
  ...(glass?.invoked ?? []).map(({ by, reason }) => `  glass      broken by ${by}, "${reason}"`),
  ...(owed === undefined
    ? []
    : [
        owed.reviewer === undefined
          ? `  review     ${owed.status}: by ${owed.by.join(' or ')}, until ${owed.dueAt}`
          : `  review     ${owed.reviewer}: ${owed.status}, "${owed.reason ?? ''}"`,
      ]),
];
