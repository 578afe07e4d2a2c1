import { ENVIRONMENT, OTHER_VARIABLES } from '#config/environment.js';
import { cell, GENERATED, table } from './markdown.js';
import { hasMembers, isSecret, type Schema, type Setting, settings } from './settings.js';

export const configPage = (): string =>
  [
    '# Configuration',
    '',
    GENERATED,
    '',
    'One YAML file, given with `--config FILE` or `COUNTERSIGN_CONFIG`. A variable of the environment wins over the file, a',
    'command-line option over both. A relative `policy_file` starts at the folder of the configuration file. What is unknown or',
    'out of range stops the start and is named by its path. No secret is written into the file: it names a variable or a file.',
    '',
    table(['setting', 'type', 'default', 'variable', 'meaning'], settings().map(row)),
    '',
    `Read outside the file: ${OTHER_VARIABLES.map((name) => `\`${name}\``).join(', ')}.`,
    '',
  ].join('\n');

const row = ({ path, schema, isRequired, kind }: Setting): readonly string[] => {
  const only = kind === undefined ? '' : ` (${kind})`;
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  const cells = [
    `\`${path}\``,
    `${typeOf(schema)}${only}`,
    isRequired ? '**required**' : fallback,
    variableOf(path),
    schema.description ?? '',
  ];
  return cells.map(cell);
};

const typeOf = (schema: Schema): string => {
  if (isSecret(schema)) return '`{ env: NAME }` or `{ file: PATH }`';
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.oneOf !== undefined) return 'settings';
  if (schema.type === 'array')
    return `list of ${hasMembers(schema.items ?? {}) ? 'settings' : typeOf(schema.items ?? {})}`;
  if (schema.type === 'object')
    return typeof schema.additionalProperties === 'object'
      ? `names with ${typeOf(schema.additionalProperties)}`
      : 'settings';
  if (schema.type === 'integer') return `integer, ${schema.minimum} to ${schema.maximum}`;
  if (schema.format === 'uri') return 'URL';
  return schema.pattern === undefined ? (schema.type ?? 'any') : `${schema.type}, \`${schema.pattern}\``;
};

const variableOf = (path: string): string => {
  const sets = (target: readonly string[]) => [path, `${path}.file`].includes(target.join('.'));
  return Object.entries(ENVIRONMENT)
    .filter(([, { path: target }]) => sets(target))
    .map(([name]) => `\`${name}\``)
    .join(', ');
};
