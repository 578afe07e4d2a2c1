import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST } from '../support/system.js';

const ROOT = join(DIST, '..');
/** What the project does not depend on lies in a package of its own, which only the tests install. */
const FOLDERS = [join(ROOT, 'node_modules'), join(ROOT, 'test', 'real', 'node_modules')];

interface Manifest {
  readonly version: string;
  readonly main?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const folderOf = (name: string): string => {
  const folder = FOLDERS.map((modules) => join(modules, name)).find((path) => existsSync(path));
  if (folder === undefined) throw new Error(`${name} is not installed; npm test installs it into test/real`);
  return folder;
};

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8')) as Manifest;

/** The version that is installed. @throws Error when it is not */
export const versionOf = (name: string): string => manifestOf(name).version;

/** File of a program of the package; without its name, of the first. @throws Error when there is none */
export const programOf = (name: string, program?: string): string => {
  const { bin } = manifestOf(name);
  const file =
    typeof bin === 'string' ? bin : program === undefined ? Object.values(bin ?? {})[0] : bin?.[program];
  if (file === undefined) throw new Error(`${name} has no program ${program ?? ''}`);
  return join(folderOf(name), file);
};

/** Where `import` leads: an entry of `exports` may be a path, or paths by condition. */
const entryOf = (entry: unknown): string | undefined => {
  if (typeof entry === 'string') return entry;
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { import: wanted, default: otherwise } = entry as {
    readonly import?: unknown;
    readonly default?: unknown;
  };
  return entryOf(wanted) ?? entryOf(otherwise);
};

/**
 * Imports a library that is not a dependency of the project. The caller names the part of it that it uses.
 * @throws Error when it is not installed
 */
export const importReal = async <Library>(name: string): Promise<Library> => {
  const { main, exports } = manifestOf(name);
  const file = entryOf(exports?.['.']) ?? main ?? 'index.js';
  return (await import(pathToFileURL(join(folderOf(name), file)).href)) as Library;
};
