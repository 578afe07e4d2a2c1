import { parse } from 'yaml';

/** A block of shell commands in a page that the tests execute, and what its output must hold. */
export interface RunnableBlock {
  readonly line: number;
  readonly commands: string;
  /** Lines of the "text shows" fence that follows, if one does. */
  readonly shows: readonly string[];
}

const FENCE = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm;

/** Blocks fenced as "sh run", in order. */
export const runnableBlocks = (page: string): readonly RunnableBlock[] => {
  const fences = [...page.matchAll(FENCE)].map((match) => ({
    tag: `${match[1]}${match[2] ?? ''}`.trim(),
    body: match[3] ?? '',
    line: page.slice(0, match.index).split('\n').length,
  }));
  return fences.flatMap(({ tag, body, line }, index) => {
    if (tag !== 'sh run') return [];
    const next = fences[index + 1];
    const shows =
      next?.tag === 'text shows' ? next.body.split('\n').filter((text) => text.trim() !== '') : [];
    return [{ line, commands: body, shows }];
  });
};

/** What blocks fenced as "yaml" say under this name, where they have it. */
export const yamlExamples = (page: string, name: string): readonly unknown[] =>
  [...page.matchAll(FENCE)]
    .filter(([, tag]) => tag === 'yaml')
    .map(([, , , body = '']): unknown => parse(body))
    .flatMap((example) =>
      typeof example === 'object' && example !== null && name in example
        ? [(example as Readonly<Record<string, unknown>>)[name]]
        : [],
    );
