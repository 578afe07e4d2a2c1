import type { Located } from './problems.js';

/** What is left of YAML once every trick is refused: maps with text keys, lists, and four kinds of scalar. */
export type YamlNode = YamlMap | YamlList | YamlScalar;

export interface YamlMap extends Located {
  readonly kind: 'map';
  readonly entries: readonly YamlEntry[];
}

export interface YamlEntry {
  readonly key: string;
  readonly keyAt: Located;
  readonly value: YamlNode;
}

export interface YamlList extends Located {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export type YamlScalar = Located &
  (
    | { readonly kind: 'text'; readonly value: string }
    /** `source` as written: numbers of a policy never pass through a float. */
    | { readonly kind: 'number'; readonly source: string }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'empty' }
  );

/** `a map`, `the text "x"`: for messages. */
export const describeNode = (node: YamlNode): string => {
  switch (node.kind) {
    case 'map':
      return 'a map';
    case 'list':
      return 'a list';
    case 'text':
      return `the text "${node.value.length > 40 ? `${node.value.slice(0, 40)}...` : node.value}"`;
    case 'number':
      return `the number ${node.source.slice(0, 40)}`;
    case 'boolean':
      return `${node.value}`;
    case 'empty':
      return 'nothing';
  }
};
