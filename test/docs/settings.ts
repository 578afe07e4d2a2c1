import { z } from 'zod';
import { configSchema } from '#config/config.schema.js';

/** The part of JSON Schema that the configuration uses. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

export interface Setting {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
  /** The kind of upstream, or of its auth, that it belongs to; undefined when it belongs to several or to none. */
  readonly kind: string | undefined;
}

/** Every setting of the schema, once, by its path; `[]` stands for each item of a list. */
export const settings = (): readonly Setting[] => {
  const all = membersOf(z.toJSONSchema(configSchema, { io: 'input' }) as Schema, '', undefined);
  return [...Map.groupBy(all, ({ path }) => path).values()].map(merge);
};

export const variantsOf = (schema: Schema): readonly Schema[] => schema.oneOf ?? schema.anyOf ?? [schema];
export const hasMembers = (schema: Schema): boolean =>
  variantsOf(schema).some(({ properties }) => properties !== undefined);
export const isSecret = (schema: Schema): boolean => {
  const names = variantsOf(schema).flatMap(({ properties = {} }) => Object.keys(properties));
  return names.join() === 'env,file';
};

const membersOf = (
  { properties = {}, required = [] }: Schema,
  path: string,
  kind: string | undefined,
): readonly Setting[] =>
  Object.entries(properties).flatMap(([name, schema]) => {
    const setting: Setting = {
      path: path === '' ? name : `${path}.${name}`,
      schema,
      isRequired: required.includes(name) && schema.default === undefined,
      kind,
    };
    return below(setting);
  });

const below = (setting: Setting): readonly Setting[] => {
  const { schema, path, kind } = setting;
  if (isSecret(schema)) return [setting];
  if (schema.properties !== undefined) return membersOf(schema, path, kind);
  const { items } = schema;
  const choice = items ?? schema;
  if (!hasMembers(choice)) return [setting];
  const inside = items === undefined ? path : `${path}[]`;
  const members = variantsOf(choice).flatMap((item) => membersOf(item, inside, kindOf(item) ?? kind));
  return [setting, ...members];
};

const kindOf = ({ properties }: Schema): string | undefined =>
  (properties?.['transport'] ?? properties?.['type'])?.const as string | undefined;

/** The same path in several kinds of upstream is one setting. */
const merge = (group: readonly Setting[]): Setting => {
  const [first] = group as readonly [Setting];
  if (group.length === 1) return first;
  const kinds = group.flatMap(({ schema }) => (schema.const === undefined ? [] : [schema.const]));
  const described = group.find(({ schema }) => schema.description !== undefined) ?? first;
  const { description } = described.schema;
  const values = description === undefined ? { enum: kinds } : { enum: kinds, description };
  return { ...first, kind: undefined, schema: kinds.length === 0 ? described.schema : values };
};
