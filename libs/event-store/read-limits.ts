export const READ_LIMIT_MAX = 10_000;
export const READ_TYPES_MAX = 100;

/** @throws RangeError */
export const assertReadLimit = (limit: number | undefined): void => {
  if (limit === undefined) return;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > READ_LIMIT_MAX)
    throw new RangeError(`read: the limit ${limit} is not between 1 and ${READ_LIMIT_MAX}`);
};

/** The types without repetition. @throws RangeError */
export const distinctTypes = (types: readonly string[]): readonly string[] => {
  const distinct = [...new Set(types)];
  if (distinct.length > READ_TYPES_MAX)
    throw new RangeError(`read: ${distinct.length} types, allowed are ${READ_TYPES_MAX}`);
  return distinct;
};
