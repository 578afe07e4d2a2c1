import type { Json } from '../evidence/canonical-json.js';
import { decodeBase64 } from '../masking/base64.js';
import { normalField, normalForms, VALUE_CHARS_MAX } from './normal-forms.js';
import { identifyingWords } from './words.js';

/** A value in one normal form; with a field, the value of that field and no other. */
export interface IndexTerm {
  readonly field: string | null;
  readonly form: string;
}

export interface IndexTerms {
  readonly terms: readonly IndexTerm[];
  /** Something was left out because of a limit: that a term is missing proves nothing. */
  readonly truncated: boolean;
}

export const INDEX_TERMS_MAX = 8_192;
export const INDEX_TEXT_CHARS_MAX = 1024 * 1024;
const JSON_IN_TEXT_DEPTH_MAX = 3;
const DEPTH_MAX = 64;
/** Content blocks of MCP name their kind so; in each result, and nothing to search for. */
const BLOCK_KINDS: ReadonlySet<string> = new Set(['text', 'image', 'audio', 'resource', 'resource_link']);
const READABLE_MEDIA = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|yaml|csv))/i;

/**
 * Every value of a payload of a call that can be searched for: each string and number of its JSON, of JSON inside its
 * texts, and the identifying words of texts. True, false and null are not worth searching for. Never throws.
 */
export const indexTerms = (payload: Json): IndexTerms => {
  const collector = new Collector();
  collector.walk(payload, null, 0, 0);
  return { terms: collector.terms(), truncated: collector.truncated };
};

/** What to look for, given a value and perhaps its field. Empty when nothing of the value can be in the index. */
export const queryTerms = (value: string, field?: string): readonly IndexTerm[] => {
  const name = field === undefined ? null : normalField(field);
  return normalForms(value).map((form) => ({ field: name, form }));
};

class Collector {
  truncated = false;
  private chars = INDEX_TEXT_CHARS_MAX;
  private readonly found = new Map<string, IndexTerm>();

  terms(): readonly IndexTerm[] {
    return [...this.found.values()];
  }

  walk(value: Json, field: string | null, depth: number, nesting: number): void {
    if (depth > DEPTH_MAX) this.truncated = true;
    else if (typeof value === 'string') this.text(value, field, depth, nesting);
    else if (typeof value === 'number') this.value(String(value), field);
    else if (Array.isArray(value)) for (const item of value) this.walk(item, field, depth + 1, nesting);
    else if (typeof value === 'object' && value !== null)
      this.members(value as { readonly [key: string]: Json }, depth, nesting);
  }

  private members(object: { readonly [key: string]: Json }, depth: number, nesting: number): void {
    for (const [key, value] of Object.entries(object)) {
      if (key === 'type' && typeof value === 'string' && BLOCK_KINDS.has(value)) continue;
      const isBytes = (key === 'data' || key === 'blob') && typeof object['mimeType'] === 'string';
      if (isBytes && typeof value === 'string')
        this.bytes(object['mimeType'] as string, value, depth, nesting);
      else this.walk(value, normalField(key), depth + 1, nesting);
    }
  }

  /** Base64 of something readable is read; of a picture or sound there is nothing to search for. */
  private bytes(mediaType: string, base64: string, depth: number, nesting: number): void {
    if (!READABLE_MEDIA.test(mediaType)) return;
    const decoded = base64.length > this.chars ? undefined : decodeBase64(base64);
    if (decoded === undefined) this.truncated = true;
    else this.walk(new TextDecoder().decode(decoded), null, depth + 1, nesting);
  }

  private text(text: string, field: string | null, depth: number, nesting: number): void {
    this.chars -= text.length;
    if (this.chars < 0) {
      this.truncated = true;
      return;
    }
    const inner = nesting < JSON_IN_TEXT_DEPTH_MAX ? jsonIn(text) : undefined;
    if (inner !== undefined) {
      this.walk(inner, field, depth + 1, nesting + 1);
      return;
    }
    if (text.length <= VALUE_CHARS_MAX) this.value(text, field);
    for (const word of identifyingWords(text)) {
      if (this.isFull()) return;
      for (const form of normalForms(word)) this.add(null, form);
    }
  }

  private value(text: string, field: string | null): void {
    if (this.isFull()) return;
    for (const form of normalForms(text)) {
      this.add(null, form);
      if (field !== null) this.add(field, form);
    }
  }

  private isFull(): boolean {
    if (this.found.size < INDEX_TERMS_MAX) return false;
    this.truncated = true;
    return true;
  }

  private add(field: string | null, form: string): void {
    const key = field === null ? `v\0${form}` : `f\0${field}\0${form}`;
    if (!this.found.has(key)) this.found.set(key, { field, form });
  }
}

const jsonIn = (text: string): Json | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};
