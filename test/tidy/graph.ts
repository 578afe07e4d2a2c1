import { importsOf } from './imports.js';
import { isTest, isTypeScript, type SourceFile } from './source-file.js';

export type Graph = ReadonlyMap<string, readonly string[]>;

/** Who imports whom among the repository's own TypeScript files, imports of types included. */
export const graphOf = (files: readonly SourceFile[]): Graph => {
  const sources = files.filter(({ path }) => isTypeScript(path));
  const known = new Set(sources.map(({ path }) => path));
  return new Map(
    sources.map((source) => {
      const targets = importsOf(source).flatMap(({ target }) =>
        target !== undefined && known.has(target) ? [target] : [],
      );
      return [source.path, [...new Set(targets)].sort()];
    }),
  );
};

/** Groups of files that import each other in a circle (Tarjan's strongly connected components), each sorted. */
export const cyclesOf = (graph: Graph): readonly (readonly string[])[] => {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== index.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    if (component.length > 1) cycles.push(component.sort());
  };
  for (const node of [...graph.keys()].sort()) if (!index.has(node)) visit(node);
  return cycles;
};

/** Programs, threads and suites: where the running of code begins. */
const isRoot = (path: string): boolean =>
  /(?:\/|\.)main\.ts$|\.worker\.ts$/.test(path) || path.startsWith('test/') || path.startsWith('deploy/');

/** Product files that nothing but their own spec ever uses. */
export const deadFilesOf = (graph: Graph): readonly string[] => {
  const alive = new Set<string>();
  const visit = (path: string): void => {
    if (alive.has(path)) return;
    alive.add(path);
    for (const next of graph.get(path) ?? []) visit(next);
  };
  for (const path of graph.keys()) if (isRoot(path)) visit(path);
  return [...graph.keys()].filter((path) => !alive.has(path) && !isTest(path)).sort();
};
