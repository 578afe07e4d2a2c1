import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DIST } from '../e2e/support/system.js';
import type { Findings } from './suite.js';

const FILE = join(DIST, '..', 'test', 'conformance', 'expected-failures.yaml');

/** Scenarios of a run that are known to fail. The list is there to become empty. */
export const expectedFailures = async (run: string): Promise<readonly string[]> => {
  const runs = parse(await readFile(FILE, 'utf8')) as Readonly<
    Record<string, readonly string[] | null>
  > | null;
  return runs?.[run] ?? [];
};

export interface Comparison {
  readonly passed: number;
  readonly of: number;
  /** Failures that nobody expects, with what was found. */
  readonly unexpected: Readonly<Record<string, readonly string[]>>;
  /** Expected failures that pass, or that the run does not know. */
  readonly stale: readonly string[];
}

export const compare = (findings: Findings, expected: readonly string[]): Comparison => {
  const failed = [...findings].filter(([, found]) => found.length > 0);
  const unexpected = failed.filter(([scenario]) => !expected.includes(scenario));
  return {
    passed: findings.size - failed.length,
    of: findings.size,
    unexpected: Object.fromEntries(unexpected),
    stale: expected.filter((scenario) => (findings.get(scenario) ?? []).length === 0),
  };
};
