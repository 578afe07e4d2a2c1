import { type Invocation, requiredOption, UsageError } from '../command.js';
import { openApi } from '../server/api.js';

/** What an approval shows of an emergency. */
export interface EmergencyView {
  readonly breakGlass?: { readonly invoked: readonly { readonly by: string; readonly reason: string }[] };
  readonly review?: {
    readonly status: string;
    readonly by: readonly string[];
    readonly dueAt: string;
    readonly reviewer?: string;
    readonly reason?: string;
  };
}

export const EMERGENCY_OPTIONS = {
  digest: { type: 'string' },
  reason: { type: 'string' },
  verdict: { type: 'string' },
} as const;

/** `approvals break-glass ID`: one of the two whom policy lets grant a call in an emergency. */
export const breakGlass = <Item>(invocation: Invocation, words: readonly string[]): Promise<Item> => {
  const digest = requiredOption(invocation, 'digest', 'copy it from "countersign approvals"');
  const reason = requiredOption(invocation, 'reason', 'what the emergency is; it will be reviewed');
  return act(invocation, words, 'break-glass', 'manager-1', { digest, reason });
};

/** `approvals review ID`: what somebody who was not part of it found afterwards. */
export const review = <Item>(invocation: Invocation, words: readonly string[]): Promise<Item> => {
  const verdict = requiredOption(invocation, 'verdict', 'justified or not_justified');
  const reason = requiredOption(invocation, 'reason', 'what you found');
  return act(invocation, words, 'review', 'examiner', { verdict, reason });
};

const act = async <Item>(
  invocation: Invocation,
  [id]: readonly string[],
  verb: 'break-glass' | 'review',
  user: string,
  body: object,
): Promise<Item> => {
  if (id === undefined || id === '') throw new UsageError(`"approvals ${verb}" needs the id of an approval`);
  const api = await openApi(invocation, user);
  return api.post<Item>(`/approvals/${encodeURIComponent(id)}/${verb}`, body);
};

/** What was done in an emergency, and what came of it. */
export const emergencyLines = ({ breakGlass: glass, review: owed }: EmergencyView): readonly string[] => [
  ...(glass?.invoked ?? []).map(({ by, reason }) => `  glass      broken by ${by}, "${reason}"`),
  ...(owed === undefined
    ? []
    : [
        owed.reviewer === undefined
          ? `  review     ${owed.status}: by ${owed.by.join(' or ')}, until ${owed.dueAt}`
          : `  review     ${owed.reviewer}: ${owed.status}, "${owed.reason ?? ''}"`,
      ]),
];
