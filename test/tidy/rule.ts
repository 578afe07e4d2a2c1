import type { SourceFile } from './source-file.js';

/** A rule over single files. `bad` are files that it must refuse: a rule that cannot fail is no rule. */
export interface Rule {
  readonly says: string;
  readonly check: (file: SourceFile) => readonly string[];
  readonly bad: readonly [SourceFile, ...SourceFile[]];
}

export const file = (path: string, text: string): SourceFile => ({ path, text });
