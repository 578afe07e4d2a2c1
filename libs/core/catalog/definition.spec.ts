import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type JsonObject } from '../evidence/canonical-json.js';
import type { HashFunction } from '../hash.js';
import type { CatalogKind } from './catalog.events.js';
import { definitionOf } from './definition.js';

const sha256: HashFunction = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const digest = (json: JsonObject, kind: CatalogKind = 'tools') =>
  definitionOf(sha256, { kind, name: 'n' }, json).digest;

const TOOL: JsonObject = {
  name: 'n',
  title: 'T',
  description: 'Reads.',
  inputSchema: { type: 'object' },
  outputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
};

describe('the digest of a definition', () => {
  it('of a tool is over name, title, description, schemas and annotations, as RFC 8785 writes them', () => {
    const said = { ...TOOL, _meta: { v: 1 }, icons: [{ src: 'x' }], execution: { taskSupport: 'optional' } };
    expect(digest(said)).toBe(sha256(canonicalJson(TOOL)));
  });
  it('does not depend on the order of members', () => {
    expect(digest(Object.fromEntries(Object.entries(TOOL).reverse()))).toBe(digest(TOOL));
  });
  it.each([
    ['title', 'T2'],
    ['description', 'Reads. '],
    ['inputSchema', { type: 'object', properties: {} }],
    ['outputSchema', { type: 'object', required: ['a'] }],
    ['annotations', { readOnlyHint: false }],
    ['aMemberOfALaterRevision', true],
  ])('changes with %s', (member, value) => {
    expect(digest({ ...TOOL, [member]: value })).not.toBe(digest(TOOL));
  });
  it('changes when a member is left out', () => {
    const { annotations: _, ...without } = TOOL;
    expect(digest(without)).not.toBe(digest(TOOL));
  });
  it('of a prompt covers its arguments', () => {
    const prompt = (required: boolean) =>
      digest({ name: 'n', arguments: [{ name: 'a', required }] }, 'prompts');
    expect(prompt(true)).not.toBe(prompt(false));
  });
  it('of a resource does not cover size and time of its data, but its media type', () => {
    const resource = (more: JsonObject) => digest({ uri: 'n', name: 'x', ...more }, 'resources');
    expect(resource({ size: 1, annotations: { priority: 1, lastModified: '2026-01-01' } })).toBe(
      resource({ size: 2, annotations: { priority: 1, lastModified: '2026-02-01' } }),
    );
    expect(resource({ mimeType: 'text/html' })).not.toBe(resource({ mimeType: 'text/plain' }));
    expect(resource({ annotations: { priority: 1 } })).not.toBe(resource({ annotations: { priority: 0 } }));
  });
});
