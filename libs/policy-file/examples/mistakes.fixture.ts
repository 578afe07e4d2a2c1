import { PolicyFileError, parsePolicyFile } from '../parse-policy-file.js';
import type { PolicyFileProblem } from '../problems.js';
import { RETAIL_BANK } from './retail-bank.fixture.js';

/** What is wrong; what stands in the example; what is written instead; the line; the reason. */
export type Mistake = readonly [
  title: string,
  replace: readonly [from: string, to: string],
  line: number,
  reason: RegExp,
];

/** All problems of a text; none when it is accepted. */
export const problemsOf = (text: string): readonly PolicyFileProblem[] => {
  try {
    parsePolicyFile(text, 'policy.yaml');
  } catch (error) {
    if (error instanceof PolicyFileError) return error.problems;
    throw error;
  }
  return [];
};

/** The problems of the example with one mistake made in it, as `line: reason`. */
export const problemsWith = ([from, to]: Mistake[1]): readonly string[] => {
  if (!RETAIL_BANK.includes(from)) throw new Error(`not in the example: ${from}`);
  return problemsOf(RETAIL_BANK.replace(from, () => to)).map(({ line, reason }) => `${line}: ${reason}`);
};
