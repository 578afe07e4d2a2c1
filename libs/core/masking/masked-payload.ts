import { canonicalJson, type Json } from '../evidence/canonical-json.js';
import type { Finding } from './finding.js';

const encoder = new TextEncoder();

/** The payload of ResultMasked: {"findings":[...],"masked":<the released bytes, untouched>}. */
export const maskedPayload = (findings: readonly Finding[], masked: Uint8Array): Uint8Array => {
  const head = encoder.encode(`{"findings":${canonicalJson(findings as unknown as Json)},"masked":`);
  const payload = new Uint8Array(head.length + masked.length + 1);
  payload.set(head);
  payload.set(masked, head.length);
  payload[payload.length - 1] = 0x7d;
  return payload;
};

/** How many values of each kind were masked; the only part of the findings that an entry says in clear. */
export const countsByKind = (findings: readonly Finding[]): { [kind: string]: number } => {
  const counts: { [kind: string]: number } = {};
  for (const { kind, count } of findings) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
};
