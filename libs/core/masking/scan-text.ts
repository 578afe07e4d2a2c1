import {
  ASTRAL_DIGIT,
  AT,
  astralDigit,
  classAt,
  INTERESTING,
  LETTER,
  NEWLINE,
  OPEN,
  PAIR,
} from './characters.js';
import { emailAround } from './email.js';
import { ESCAPED_STRING, NODE_INTS, readFragment, typeOf } from './json-tape.js';
import { findKnownValues, mayHoldValue } from './known-values.js';
import { skipLabel } from './label-context.js';
import { blockedMark, type Document, type Hit, type MaskingRun } from './masking-run.js';
import { noteFinding } from './note-finding.js';
import { insideText } from './place.js';
import { scanDigits, timestampEnd } from './scan-digits.js';
import { scanPair } from './scan-pair.js';
import { scanTable } from './scan-table.js';
import { addHit, mergeHits, newTextScan, type TextScan } from './text-scan.js';

const searchKnownValues = (scan: TextScan, to: number): void => {
  const { run, text, unsearched } = scan;
  if (run.known && unsearched < to) {
    findKnownValues(run.known, text, unsearched, to, (start, end, { kind, evidence }) =>
      addHit(scan, kind, evidence, start, end),
    );
  }
  scan.unsearched = to;
};

const scanEmail = (scan: TextScan, at: number): number => {
  if (!scan.run.active.EMAIL) return at + 1;
  const found = emailAround(scan.text, at, scan.floor, scan.end);
  if (!found) return at + 1;
  addHit(scan, 'EMAIL', 'structure', found[0], found[1]);
  return found[1];
};

/** JSON in JSON in JSON beyond the limit: from here to the end of the text nothing has been read. */
const giveUp = (scan: TextScan, at: number): number => {
  if (scan.run.profile.unscannable['over-limit'] === 'keep') return at + 1;
  scan.run.hits.push({
    start: at,
    end: scan.end,
    text: blockedMark('over-limit'),
    kind: 'UNSCANNABLE',
    evidence: 'structure',
  });
  return scan.end;
};

const walkFragment = (scan: TextScan, root: number): void => {
  const { run, document } = scan;
  const { quote, strict } = document;
  const { nesting, idLike, plain, place } = run;
  // A string edited in place stands between the quotes of its document: new quotes in it must be escaped.
  if (scan.quoted) document.quote = '\\"';
  document.strict = false;
  run.nesting++;
  run.plain = false;
  run.place = insideText(place, scan.fragments++);
  run.walk(run, document, root, undefined);
  run.nesting = nesting;
  run.idLike = idLike;
  run.plain = plain;
  run.place = place;
  document.quote = quote;
  document.strict = strict;
};

/** A JSON value, or what looks like one in Python or JavaScript, in the middle of a text. */
const scanFragment = (scan: TextScan, at: number): number => {
  const { run, text, end } = scan;
  const { tape, limits } = run;
  const root = tape.length;
  const after = readFragment(text, at, end, tape, limits.depth_max);
  let next = at + 1;
  if (tape.length > root + NODE_INTS || (typeOf(tape, root) === ESCAPED_STRING && after === end)) {
    if (run.nesting >= limits.nesting_max) next = giveUp(scan, at);
    else {
      searchKnownValues(scan, at);
      walkFragment(scan, root);
      scan.floor = scan.unsearched = next = after;
    }
    skipLabel(scan.label, next);
  }
  tape.length = root;
  return next;
};

const scanLineBreak = (scan: TextScan, at: number): number => {
  const after = scanTable(scan, scan.lineStart, at, (start, end) => scanRange(scan, start, end));
  if (after > at) {
    scan.floor = after;
    skipLabel(scan.label, after);
  }
  const next = Math.max(after, at + 1);
  scan.lineStart = next;
  return next;
};

/** One pass over from..to; what is found is added to the hits of the run. */
const scanPieces = (scan: TextScan, from: number, to: number): void => {
  const { text } = scan;
  for (let i = from; i < to; ) {
    const found = classAt(text, i);
    if (found > INTERESTING) i++;
    else if (found < ASTRAL_DIGIT) i = scanDigits(scan, i);
    else if (found === ASTRAL_DIGIT) i = astralDigit(text, i + 1) >= 0 ? scanDigits(scan, i) : i + 1;
    else if (found === AT) i = scanEmail(scan, i);
    else if (found === OPEN) i = scan.isCell ? i + 1 : scanFragment(scan, i);
    else if (found === PAIR) i = scanPair(scan, i);
    else i = found === NEWLINE ? scanLineBreak(scan, i) : i + 1;
  }
};

/** A cell of a table: a text of its own, except that known values are searched in the table as a whole. */
const scanRange = (scan: TextScan, start: number, end: number): void => {
  const cell = newTextScan(scan.run, scan.document, start, end, scan.quoted);
  cell.isCell = true;
  scanPieces(cell, start, end);
};

const firstInteresting = (text: string, start: number, end: number): number => {
  let i = start;
  while (i < end && classAt(text, i) > INTERESTING) i++;
  return i;
};

/** Fewer digits, and no letter that a label could be made of: amounts, dates, postal codes. Nothing is to be found there. */
const QUIET_DIGITS_MAX = 8;
const QUIET_CHARS_MAX = 32;

const isQuiet = (text: string, start: number, end: number, first: number): boolean => {
  if (end - start > QUIET_CHARS_MAX) return false;
  if (first === start && timestampEnd(text, start, end) === end) return true;
  let digits = 0;
  for (let i = start; i < end; i++) {
    const found = classAt(text, i);
    if (found <= 9) digits++;
    else if (found <= LETTER) return false;
  }
  return digits <= QUIET_DIGITS_MAX;
};

const isWholeJsonString = (text: string, start: number, end: number): boolean =>
  start === 0 && text.charCodeAt(0) === 0x22 && text.charCodeAt(end - 1) === 0x22 && end > 2;

/** Turns hits since `base` into edits of the document and findings at the current place. */
const settle = (run: MaskingRun, document: Document, base: number): void => {
  if (run.hits.length === base + 1) {
    const only = run.hits.pop() as Hit;
    document.edits.push(only);
    noteFinding(run, run.place, only.kind, only.evidence, 1);
    return;
  }
  const counted: { hit: Hit; count: number }[] = [];
  for (const hit of mergeHits(run.hits.splice(base))) {
    document.edits.push(hit);
    const same = counted.find((each) => each.hit.kind === hit.kind && each.hit.evidence === hit.evidence);
    if (same) same.count++;
    else counted.push({ hit, count: 1 });
  }
  for (const { hit, count } of counted) noteFinding(run, run.place, hit.kind, hit.evidence, count);
};

/**
 * Masks running text: start..end of the document, the whole of it or a string of it. JSON inside is read as JSON,
 * tables as tables. Linear in the length of the text. `quoted`: the range is the content of a string of the document.
 */
export const scanText = (
  run: MaskingRun,
  document: Document,
  start: number,
  end: number,
  quoted: boolean,
): void => {
  const { text } = document;
  const whole = isWholeJsonString(text, start, end);
  const first = whole ? start : firstInteresting(text, start, end);
  const isIdle = first === end || (!whole && isQuiet(text, start, end, first));
  if (isIdle && (run.known === undefined || !mayHoldValue(run.known, text, start, end))) return;
  const base = run.hits.length;
  const scan = newTextScan(run, document, start, end, quoted);
  const from = whole ? scanFragment(scan, start) : first;
  scanPieces(scan, from, end);
  searchKnownValues(scan, end);
  if (run.hits.length > base) settle(run, document, base);
};
