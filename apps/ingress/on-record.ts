/** Errors whose refusal is in the ledger already, so that the edge does not record it a second time. */
const recorded = new WeakSet<Error>();

export const markOnRecord = <Refusal extends Error>(error: Refusal): Refusal => {
  recorded.add(error);
  return error;
};

export const isOnRecord = (error: unknown): boolean => error instanceof Error && recorded.has(error);
