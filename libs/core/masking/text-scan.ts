import type { MaskKind } from '../policy/policy.types.js';
import type { Evidence } from './finding.js';
import { isWorthKnowing } from './known-values.js';
import { type LabelContext, newLabelContext, skipLabel } from './label-context.js';
import { type Document, type Hit, type MaskingRun, markOf } from './masking-run.js';

/** The scan of one piece of running text: a leaf, a cell of a table, a line. */
export interface TextScan {
  readonly run: MaskingRun;
  readonly document: Document;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly label: LabelContext;
  /** Nothing before it may be looked at again: it belongs to a JSON value or a table. */
  floor: number;
  /** Where the text that has not yet been searched for known values begins. */
  unsearched: number;
  lineStart: number;
  /** JSON values found so far in this text. */
  fragments: number;
  /** The text is the content of a string of the document, edited in place. */
  readonly quoted: boolean;
  isCell: boolean;
}

export const newTextScan = (
  run: MaskingRun,
  document: Document,
  start: number,
  end: number,
  quoted: boolean,
): TextScan => {
  const label = newLabelContext();
  label.at = start;
  return {
    run,
    document,
    text: document.text,
    start,
    end,
    label,
    floor: start,
    unsearched: start,
    lineStart: start,
    fragments: 0,
    quoted,
    isCell: false,
  };
};

/** Marks start..end for masking. What a label or key gave away is remembered, to be found again elsewhere. */
export const addHit = (
  scan: TextScan,
  kind: MaskKind,
  evidence: Evidence,
  start: number,
  end: number,
): void => {
  scan.run.hits.push({ start, end, text: markOf(kind), kind, evidence });
  if (evidence === 'structure') skipLabel(scan.label, end);
  else remember(scan.run, scan.text.slice(start, end), kind, evidence);
};

/** Forms that are found by themselves wherever they stand. */
const SELF_EVIDENT: { readonly [kind in MaskKind]?: RegExp } = {
  US_SSN: /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/,
  EMAIL: /^[a-z0-9][a-z0-9.]{0,40}@[a-z0-9]{1,40}\.[a-z]{2,20}$/i,
  PHONE: /^(?:\([2-9](?!11)\d{2}\) |[2-9](?!11)\d{2}-)[2-9](?!11)\d{2}-\d{4}$/,
};

/** Notes a value that its key or label gave away, unless it will be recognised elsewhere anyway. */
export const remember = (run: MaskingRun, value: string, kind: MaskKind, evidence: Evidence): void => {
  if (run.known !== undefined || SELF_EVIDENT[kind]?.test(value)) return;
  const trimmed = value.trim();
  if (isWorthKnowing(trimmed) && !run.values.has(trimmed))
    run.values.set(trimmed, { kind, strong: true, evidence });
};

/** Sorts hits and joins those that overlap: the first one, or the longer of two that start together, names the kind. */
export const mergeHits = (hits: Hit[]): Hit[] => {
  const sorted = hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: Hit[] = [];
  for (const hit of sorted) {
    const last = merged.at(-1);
    if (!last || hit.start >= last.end) merged.push(hit);
    else if (hit.end > last.end) merged[merged.length - 1] = { ...last, end: hit.end };
  }
  return merged;
};
