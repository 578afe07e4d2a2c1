import type { PolicyFileError } from '#policy-file/parse-policy-file.js';

/** Tests of the file run once nothing else is wrong with it; a test that fails is told from a mistake in the file. */
export const isFailingTest = ({ reason }: PolicyFileError['problems'][number]): boolean =>
  reason.startsWith('The test fails:');
