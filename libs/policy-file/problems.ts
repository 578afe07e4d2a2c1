/** Something in a policy file that is refused, or merely worth a look: where, what, and what to do about it. */
export interface PolicyFileProblem {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `rules[2].when.args.amount.gt` */
  readonly path: string;
  readonly reason: string;
  /** The next step for the author. */
  readonly next: string;
}

/** The file was refused. The message shows every problem, one a line, as `file:line:column path: reason Next: step`. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
  constructor(
    readonly file: string,
    readonly problems: readonly PolicyFileProblem[],
  ) {
    super(problems.map((problem) => formatProblem(file, problem)).join('\n'));
  }
}

export const formatProblem = (file: string, problem: PolicyFileProblem): string => {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${file}:${problem.line}:${problem.column} ${path}${problem.reason} Next: ${problem.next}`;
};

/** A place in the file. */
export interface Located {
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

/** Where readers leave what they find, so that one run shows all problems at once. */
export interface Findings {
  readonly refuse: (at: Located, reason: string, next: string) => void;
  readonly warn: (at: Located, reason: string, next: string) => void;
  readonly problems: readonly PolicyFileProblem[];
  readonly warnings: readonly PolicyFileProblem[];
}

export const collectFindings = (): Findings => {
  const problems: PolicyFileProblem[] = [];
  const warnings: PolicyFileProblem[] = [];
  const into = (list: PolicyFileProblem[]) => (at: Located, reason: string, next: string) => {
    list.push({ line: at.line, column: at.column, path: at.path, reason, next });
  };
  return { refuse: into(problems), warn: into(warnings), problems, warnings };
};

export const inFileOrder = (problems: readonly PolicyFileProblem[]): readonly PolicyFileProblem[] =>
  [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
