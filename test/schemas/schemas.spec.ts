import { describe, expect, it } from 'vitest';
import { EVENT_SCHEMAS, schemaName } from '#contracts/events/event-schemas.js';
import { EVENT_VERSIONS } from '#core/evidence/event-versions.js';
import { eventTypesIn } from '../docs/page-checks.js';
import { SCHEMA_PAGES } from '../docs/schema-pages.js';
import { goldenNames } from '../golden/golden-entries.js';
import { isTest, readTree } from '../tidy/source-file.js';
import { type JsonSchema, readSchemas, schemaProblems } from './entry-schemas.js';

/** Every version there has been: a version stays readable for ever. */
const everyVersion = Object.entries(EVENT_VERSIONS)
  .flatMap(([type, current]) => Array.from({ length: current }, (_, index) => `${type}.v${index + 1}`))
  .sort();

const isObject = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;

/** Paths of members, at any depth, that do not say what they mean. */
const undescribed = (schema: unknown, at: string): readonly string[] => {
  if (!isObject(schema)) return [];
  const own = Object.entries(isObject(schema['properties']) ? schema['properties'] : {}).flatMap(
    ([name, member]) =>
      isObject(member) && typeof member['description'] === 'string' ? [] : [`${at}/${name}`],
  );
  return [...own, ...Object.entries(schema).flatMap(([key, inner]) => undescribed(inner, `${at}/${key}`))];
};

/** Objects that would let a member pass that no schema describes. */
const open = (schema: unknown, at: string): readonly string[] => {
  if (!isObject(schema)) return [];
  const isOpen = isObject(schema['properties']) && schema['additionalProperties'] !== false;
  return [
    ...(isOpen ? [at] : []),
    ...Object.entries(schema).flatMap(([key, inner]) => open(inner, `${at}/${key}`)),
  ];
};

describe('the schemas of events', () => {
  it('exist for every type that the code can write, and for every version of it', () => {
    const product = readTree().filter(({ path }) => /^(?:apps|libs)\/.*\.ts$/.test(path) && !isTest(path));
    expect(Object.keys(EVENT_VERSIONS).sort()).toEqual(eventTypesIn(product));
    expect(EVENT_SCHEMAS.map(schemaName).sort()).toEqual(everyVersion);
  });

  it('lie in docs/schemas, one file for each version and no other', () => {
    expect([...readSchemas().keys()].sort()).toEqual(everyVersion);
    expect(Object.keys(SCHEMA_PAGES).sort()).toEqual(everyVersion.map((name) => `docs/schemas/${name}.json`));
  });

  it('have a golden entry each; else run: node dist/test/golden/add-entries.process.js DATA_DIR/events.db', () => {
    expect(goldenNames()).toEqual(everyVersion);
  });

  it('are complete in themselves, and say of every member what it means', () => {
    for (const [name, schema] of readSchemas()) {
      expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
      expect(JSON.stringify(schema)).not.toContain('"$ref"');
      expect(typeof schema['description']).toBe('string');
      expect(undescribed(schema, name)).toEqual([]);
    }
  });

  it('let no member pass that they do not describe', () => {
    for (const [name, schema] of readSchemas()) expect(open(schema, name)).toEqual([]);
  });

  it('find what does not fit', () => {
    const entry = {
      actor: { kind: 'service', service: 'ingress', instance: 'i' },
      causation: 'c',
      correlation: 'c',
      data: { outcome: 'result' },
      id: '00000000-0000-4000-8000-000000000000',
      revision: 5,
      stream: 'call-c',
      time: '2026-11-23T00:00:00.000Z',
      type: 'CallCompleted',
      v: 1,
    };
    expect(schemaProblems(entry)).toEqual([]);
    const wrong: readonly object[] = [
      { ...entry, data: { outcome: 'done' } },
      { ...entry, data: {} },
      { ...entry, data: { outcome: 'result', ssn: '1' } },
      { ...entry, note: 'x' },
      { ...entry, stream: 'list-c' },
      { ...entry, time: '2026-11-23T00:00:00Z' },
      { ...entry, revision: -1 },
      { ...entry, payload: { commit: `sha256:${'0'.repeat(64)}`, bytes: 1 } },
      { ...entry, actor: { kind: 'service', service: 'ingress' } },
      { ...entry, v: 9 },
      { ...entry, type: 'FutureThing' },
    ];
    expect(wrong.filter((each) => schemaProblems(each).length === 0)).toEqual([]);
  });
});
