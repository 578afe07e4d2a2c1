import { describe, expect, it } from 'vitest';
import { cyclesOf, deadFilesOf, graphOf } from './graph.js';
import { IMPORT_RULES } from './import-rules.js';
import { REPOSITORY_RULES } from './repository-rules.js';
import { readTree } from './source-file.js';
import { TEXT_RULES } from './text-rules.js';

const tree = readTree();
const graph = graphOf(tree);

describe('tidy', () => {
  for (const { says, check } of [...TEXT_RULES, ...IMPORT_RULES, ...REPOSITORY_RULES]) {
    it(says, () => {
      expect(tree.flatMap(check)).toEqual([]);
    });
  }

  it('files never import each other in a circle, types included', () => {
    const product = graphOf(tree.filter(({ path }) => path.startsWith('apps/') || path.startsWith('libs/')));
    expect(cyclesOf(product)).toEqual([]);
  });

  it('every import between our own files leads to a file', () => {
    const known = new Set(graph.keys());
    expect([...graph.values()].flat().filter((path) => !known.has(path))).toEqual([]);
  });

  it('no product file is dead: something that runs imports it', () => {
    expect(deadFilesOf(graph)).toEqual([]);
  });
});
