import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { type PolicyFile, PolicyFileError, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { InputError } from '../command.js';

export type ReadPolicy =
  | { readonly kind: 'valid'; readonly policy: PolicyFile; readonly testCount: number }
  | { readonly kind: 'refused'; readonly error: PolicyFileError; readonly testCount: number };

/** @throws InputError when the file cannot be read */
export const readPolicyFile = async (file: string): Promise<ReadPolicy> => {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new InputError(`${file}: cannot be read. Give the path of a policy file.`);
  });
  try {
    const policy = parsePolicyFile(text, file);
    return { kind: 'valid', policy, testCount: policy.bundle.tests.length };
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    return { kind: 'refused', error, testCount: countTests(text) };
  }
};

/** A refused file gives no bundle; how many tests it has is still worth saying. */
const countTests = (text: string): number => {
  const tree: unknown = parseDocument(text).toJS();
  const tests = typeof tree === 'object' && tree !== null ? (tree as { tests?: unknown }).tests : undefined;
  return Array.isArray(tests) ? tests.length : 0;
};
