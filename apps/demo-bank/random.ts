/** Random-looking values that are the same for the same seed, on every machine. Not for secrets. */
export interface SeededRandom {
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T;
  /** Decimal digits as text, leading zeros kept. */
  digits(count: number): string;
}

/** FNV-1a, 32 bit: spreads neighbouring seeds ("x/1", "x/2") apart. */
const seedNumber = (seed: string): number => {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  return state >>> 0;
};

/** A Weyl sequence through an integer finaliser: 32 bits a step, period 2^32. */
export const createRandom = (seed: string): SeededRandom => {
  let state = seedNumber(seed);
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const integer = (min: number, max: number): number =>
    min + Math.floor((next() / 2 ** 32) * (max - min + 1));
  return {
    integer,
    pick: (list) => {
      const item = list[integer(0, list.length - 1)];
      if (item === undefined) throw new RangeError('pick: the list is empty');
      return item;
    },
    digits: (count) => Array.from({ length: count }, () => integer(0, 9)).join(''),
  };
};
