const problems = new Map<string, string>();

/** Says that a part of this process does not do all it should although calls go on; undefined when it does again. */
export const setDegraded = (part: string, problem: string | undefined): void => {
  if (problem === undefined) problems.delete(part);
  else problems.set(part, problem);
};

export const degradedParts = (): Readonly<Record<string, string>> => Object.fromEntries(problems);
