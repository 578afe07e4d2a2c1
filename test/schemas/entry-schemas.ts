import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { schemaName } from '#contracts/events/event-schemas.js';
import { ROOT } from '../tidy/source-file.js';

const FOLDER = join(ROOT, 'docs', 'schemas');

export type JsonSchema = { readonly [key: string]: unknown };

/** The published files by name, `CallRequested.v1`: what an examiner has. */
export const readSchemas = (): ReadonlyMap<string, JsonSchema> =>
  new Map(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith('.json'))
      .map((file) => [
        file.slice(0, -'.json'.length),
        JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as JsonSchema,
      ]),
  );

let validators: ReadonlyMap<string, ValidateFunction> | undefined;

/** Compiles in strict mode: a keyword that means nothing is an error. Formats are not checked; patterns say the same. */
const compiled = (): ReadonlyMap<string, ValidateFunction> => {
  const ajv = new Ajv2020({ strict: true, validateFormats: false, allErrors: true });
  validators ??= new Map([...readSchemas()].map(([name, schema]) => [name, ajv.compile(schema)]));
  return validators;
};

/** What is wrong with an entry by the schema of its type and version; empty when it fits. */
export const schemaProblems = (entry: object): readonly string[] => {
  const { type, v, id } = entry as { readonly type: string; readonly v: number; readonly id: string };
  const name = schemaName({ type, v });
  const validate = compiled().get(name);
  if (validate === undefined) return [`${name} ${id}: has no schema in docs/schemas`];
  if (validate(entry)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${name} ${id}: ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
};

/** @throws Error that names every entry which does not fit its schema, and how */
export const assertEntriesFitSchemas = (entries: readonly object[]): void => {
  const problems = entries.flatMap(schemaProblems);
  if (problems.length > 0) throw new Error(problems.join('\n'));
};
