import { posix } from 'node:path';
import { codeOf, lineOf, type SourceFile } from './source-file.js';

export interface Import {
  readonly from: string;
  readonly line: number;
  /** What the code says: "#core/errors.js", "./call.js", "node:fs", "zod". */
  readonly specifier: string;
  /** The imported file in the repository; undefined for packages. */
  readonly target: string | undefined;
  /** Gone after compilation. */
  readonly isTypeOnly: boolean;
}

const STATEMENT =
  /(?:^|\n)\s*(?:import|export)\s(?:(type)\s)?[^'";]*?from\s+'([^']+)'|(?:^|\n)\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

/** Imports and re-exports of a TypeScript file, the dynamic ones and those of types included. */
export const importsOf = ({ path, text }: SourceFile): readonly Import[] => {
  const code = codeOf(text);
  return [...code.matchAll(STATEMENT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? '';
    const at = match.index + match[0].search(/\S/);
    return {
      from: path,
      line: lineOf(code, at),
      specifier,
      target: targetOf(path, specifier),
      isTypeOnly: match[1] !== undefined,
    };
  });
};

const targetOf = (from: string, specifier: string): string | undefined => {
  if (specifier.startsWith('#')) return `libs/${specifier.slice(1).replace(/\.js$/, '.ts')}`;
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
  return undefined;
};
