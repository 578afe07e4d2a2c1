import type { ApprovalEscalated, ApprovalRequested } from './approval.events.js';
import type { Requirement, Share } from './requirement.js';

/** When each requirement that nobody has met by then may be met by more roles; instants are RFC 3339 in UTC. */
export const escalationsOf = (
  request: ApprovalRequested['data'],
): readonly { readonly requirement: number; readonly to: readonly string[]; readonly since: string }[] => {
  const { requestedAt, requirements } = request;
  if (requestedAt === undefined) return [];
  return requirements.flatMap(({ escalate }, requirement) =>
    escalate === undefined
      ? []
      : [
          {
            requirement,
            to: escalate.to,
            since: new Date(Date.parse(requestedAt) + escalate.after_s * 1_000).toISOString(),
          },
        ],
  );
};

/** The requirements once these escalations have happened: further roles may vote wherever one of the first may. */
export const escalated = (
  requirements: readonly Requirement[],
  escalations: readonly ApprovalEscalated['data'][],
): readonly Requirement[] =>
  requirements.map((requirement, at) => {
    const more = escalations.filter((each) => each.requirement === at).flatMap(({ to }) => to);
    if (more.length === 0) return requirement;
    const open = ({ by, count }: Share): Share => ({ by: [...new Set([...by, ...more])].sort(), count });
    return { ...requirement, ...open(requirement), ...(requirement.or && { or: requirement.or.map(open) }) };
  });
