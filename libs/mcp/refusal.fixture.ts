import { CountersignError } from '#core/errors.js';

/** What `run` refuses with; undefined when it does not. Any other error is thrown on. */
export const refusalOf = (run: () => unknown): CountersignError | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
  return undefined;
};
