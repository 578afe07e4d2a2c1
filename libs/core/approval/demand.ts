import type { RecordedDecision } from '../call/call.events.js';
import { canonicalJson, type Json } from '../evidence/canonical-json.js';
import type { ApprovalRequested } from './approval.events.js';

type Asked = ApprovalRequested['data'];

/** Whose approval, of how many, in which emergency, and how far it reaches: whether both decisions want the same. */
export const wantSame = (
  one: Pick<RecordedDecision, 'approval'>,
  other: Pick<RecordedDecision, 'approval'>,
): boolean => isSame(one.approval, other.approval);

/**
 * What people were asked for that policy had not decided; undefined when it is the same. For a reader who does not take the
 * word of the service that asked them.
 */
export const demandDefect = (
  asked: Asked,
  { approval, rules }: Pick<RecordedDecision, 'approval' | 'rules'>,
): string | undefined => {
  if (approval === null) return 'policy had asked for no approval';
  if (!isSame(asked.requirements, approval.requirements)) return 'policy had asked for other approvers';
  if (asked.requirements.length > 1 && (asked.distinct ?? false) !== (approval.distinct ?? true))
    return 'policy had asked for other people for each requirement';
  if (!isSame(asked.breakGlass, approval.break_glass)) return 'policy had allowed another emergency';
  if (!isSame(termsOf(asked.grant), termsOf(approval.grant))) return 'policy had allowed another grant';
  if (!isSame(rulesOf(asked), rules)) return 'other rules had asked for it';
  return undefined;
};

/** Without the key, which policy does not know. */
const termsOf = (grant: Asked['grant'] | NonNullable<RecordedDecision['approval']>['grant']) =>
  grant && { uses: grant.uses, for_s: grant.for_s, same: grant.same, limits: grant.limits };

const rulesOf = ({ rules }: Asked): readonly string[] => rules.map(({ id }) => id);

const isSame = (one: unknown, other: unknown): boolean =>
  canonicalJson((one ?? null) as Json) === canonicalJson((other ?? null) as Json);
