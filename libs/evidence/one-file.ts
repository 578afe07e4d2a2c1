import { readFile } from 'node:fs/promises';

/**
 * Joins a compiled module and what it imports into one file that needs only Node: what an examiner gets is the very code
 * that this product runs, comments included. Knows the plain forms that our compiler writes (named imports, exported
 * const, function and class) and refuses every other; a bundler would be one more program to trust.
 */
export const oneFile = async (
  entry: URL,
  last: (entryModule: string) => string,
  resolve: (specifier: string, from: URL) => URL,
): Promise<string> => {
  const joined = new Map<string, Joined>();
  const { name } = await join(entry, resolve, joined);
  const builtIns = new Map<string, Set<string>>();
  for (const { fromNode } of joined.values())
    for (const [specifier, names] of fromNode)
      builtIns.set(specifier, new Set([...(builtIns.get(specifier) ?? []), ...names]));
  const imports = [...builtIns]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([specifier, names]) => `import { ${[...names].sort().join(', ')} } from '${specifier}';`);
  const modules = [...joined.values()].map(({ text }) => text);
  return [...imports, '', ...modules, last(name), ''].join('\n');
};

interface Joined {
  readonly name: string;
  readonly text: string;
  readonly fromNode: ReadonlyMap<string, readonly string[]>;
}

const IMPORT = /^import \{([^}]*)\} from '([^']+)';\n/gm;
const EXPORT = /^export (?=(?:async )?(?:const|function\*?|class) ([A-Za-z_$][\w$]*))/gm;

/** Depth first, so that each module stands behind what it imports. */
const join = async (
  url: URL,
  resolve: (specifier: string, from: URL) => URL,
  joined: Map<string, Joined>,
): Promise<Joined> => {
  const known = joined.get(url.href);
  if (known !== undefined) return known;
  const source = await readFile(url, 'utf8');
  const fromNode = new Map<string, readonly string[]>();
  const heads: string[] = [];
  for (const [, list = '', specifier = ''] of source.matchAll(IMPORT)) {
    const names = list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    if (specifier.startsWith('node:')) fromNode.set(specifier, names);
    else {
      const { name } = await join(resolve(specifier, url), resolve, joined);
      heads.push(`const { ${names.join(', ').replaceAll(' as ', ': ')} } = ${name};`);
    }
  }
  const exported: string[] = [];
  const body = source
    .replace(IMPORT, '')
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '')
    .replace(/^export \{\};\n/gm, '')
    .replace(EXPORT, (_match, name: string) => {
      exported.push(name);
      return '';
    })
    .trim();
  const odd = /^(?:import|export)\b.*$/m.exec(body);
  if (odd !== null) throw new Error(`${url.pathname}: "${odd[0]}" is not a form that can be joined`);
  const name = `module${joined.size + 1}`;
  const title = url.pathname.slice(url.pathname.lastIndexOf('/dist/') + '/dist/'.length);
  const text = [
    `// ${'-'.repeat(20)} ${title}`,
    `const ${name} = (() => {`,
    ...heads,
    body,
    `return { ${exported.join(', ')} };`,
    '})();',
    '',
  ].join('\n');
  const module = { name, text, fromNode };
  joined.set(url.href, module);
  return module;
};
