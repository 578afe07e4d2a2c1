import { type Requirement, sharesOf } from './requirement.js';

/** The roles of one human who has approved; each human stands in the list once. */
export type Approving = readonly string[];

/**
 * Whether these people meet every requirement. `distinct`: each of them counts for one requirement only, so that "one of
 * risk and one of operations" needs two humans also when one human has both roles; people are then assigned to
 * requirements so that as many as possible are met. Without it one person may serve several.
 */
export const quorumMet = (
  requirements: readonly Requirement[],
  approving: readonly Approving[],
  distinct: boolean,
): boolean =>
  distinct
    ? canSeat(requirements, { seats: [], takenBy: approving.map(() => undefined) }, approving)
    : requirements.every((requirement) =>
        sharesOf(requirement).some(
          ({ by, count }) => approving.filter((roles) => meets(roles, by)).length >= count,
        ),
      );

const meets = (roles: Approving, by: readonly string[]): boolean => roles.some((role) => by.includes(role));

/** Every approval that is needed is a seat; a person takes one. */
interface Seating {
  /** The roles that may take each seat. */
  readonly seats: readonly (readonly string[])[];
  /** For each person, the seat taken. */
  readonly takenBy: readonly (number | undefined)[];
}

/** Tries each way of the first requirement, then the rest. Depth and seats are bounded by the number of people. */
const canSeat = (
  [first, ...rest]: readonly Requirement[],
  seating: Seating,
  people: readonly Approving[],
): boolean =>
  first === undefined ||
  sharesOf(first).some(({ by, count }) => {
    const seated = seatAll(seating, by, count, people);
    return seated !== undefined && canSeat(rest, seated, people);
  });

const seatAll = (
  seating: Seating,
  by: readonly string[],
  count: number,
  people: readonly Approving[],
): Seating | undefined => {
  if (seating.seats.length + count > people.length) return undefined;
  let current: Seating | undefined = seating;
  for (let more = 0; more < count && current !== undefined; more++) current = seatOne(current, by, people);
  return current;
};

/** Adds a seat; people who sit already move on where that helps (Kuhn's algorithm for bipartite matching). */
const seatOne = (
  { seats, takenBy }: Seating,
  by: readonly string[],
  people: readonly Approving[],
): Seating | undefined => {
  const all = [...seats, by];
  const taken = [...takenBy];
  const asked = new Set<number>();
  const fill = (seat: number): boolean =>
    people.some((roles, person) => {
      if (asked.has(person) || !meets(roles, all[seat] ?? [])) return false;
      asked.add(person);
      const sitsOn = taken[person];
      if (sitsOn !== undefined && !fill(sitsOn)) return false;
      taken[person] = seat;
      return true;
    });
  return fill(seats.length) ? { seats: all, takenBy: taken } : undefined;
};
