/** So many different people, each with one of these roles. */
export interface Share {
  readonly by: readonly string[];
  readonly count: number;
}

/** One thing that people must agree to: its own share, or any share in `or` (absent = there is no other way). */
export interface Requirement extends Share {
  readonly or?: readonly Share[];
  /** These roles may approve as well once so much time has passed. Absent = never. */
  readonly escalate?: { readonly after_s: number; readonly to: readonly string[] };
}

/** In an emergency a human of each of the two roles grants alone; one of `review` looks at it within that time afterwards. */
export interface BreakGlass {
  readonly roles: readonly string[];
  readonly review: readonly string[];
  readonly within_s: number;
}

/** All ways to meet a requirement. */
export const sharesOf = ({ by, count, or }: Requirement): readonly Share[] => [{ by, count }, ...(or ?? [])];

/** Every role that these requirements name for now, sorted. */
export const rolesNamed = (requirements: readonly Requirement[]): readonly string[] =>
  [...new Set(requirements.flatMap((requirement) => sharesOf(requirement).flatMap(({ by }) => by)))].sort();

/** The fewest approvals that can meet all of them, when nobody's counts twice. */
export const fewestApprovals = (requirements: readonly Requirement[]): number =>
  requirements.reduce(
    (sum, requirement) => sum + Math.min(...sharesOf(requirement).map(({ count }) => count)),
    0,
  );

/** `2 of manager or 1 of chief|director, after 3600 s also board` */
export const requirementText = (requirement: Requirement): string => {
  const { escalate } = requirement;
  const ways = sharesOf(requirement).map(({ by, count }) => `${count} of ${by.join('|')}`);
  const later = escalate === undefined ? '' : `, after ${escalate.after_s} s also ${escalate.to.join('|')}`;
  return ways.join(' or ') + later;
};
