import { classAt, LETTER, NEWLINE } from './characters.js';
import { isMark, keyInfo } from './masking-run.js';
import { isPlausible } from './plausible.js';
import type { Rule } from './rule.js';
import { addHit, type TextScan } from './text-scan.js';

const HEADER_CHARS_MAX = 2048;
const HEADER_PUNCTUATION: ReadonlySet<number> = new Set(
  Array.from(' \t_-."\'#()/|,;', (char) => char.charCodeAt(0)),
);
const DELIMITERS = ['\t', '|', ';', ','] as const;

interface Cell {
  readonly start: number;
  readonly end: number;
}

const lineEnd = (scan: TextScan, from: number): number => {
  let i = from;
  while (i < scan.end && classAt(scan.text, i) !== NEWLINE) i++;
  return i;
};

/** Index after the line break at `at`; CR LF is one. */
const afterBreak = (scan: TextScan, at: number): number =>
  scan.text[at] === '\r' && at + 1 < scan.end && scan.text[at + 1] === '\n' ? at + 2 : at + 1;

const trim = (text: string, from: number, to: number): Cell => {
  let start = from;
  let end = to;
  while (start < end && (text[start] === ' ' || text[start] === '"')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '"')) end--;
  return { start, end };
};

/** Cells of a line without their quotes; a delimiter between quotes does not count (RFC 4180). */
const cellsOf = (text: string, from: number, to: number, delimiter: string): Cell[] => {
  const cells: Cell[] = [];
  let start = from;
  let quoted = false;
  for (let i = from; i <= to; i++) {
    if (i < to && text[i] === '"') quoted = !quoted;
    if (i < to && (quoted || text[i] !== delimiter)) continue;
    cells.push(trim(text, start, i));
    start = i + 1;
  }
  return cells;
};

const delimiterOf = (scan: TextScan, from: number, to: number): string | undefined => {
  if (to - from > HEADER_CHARS_MAX || to - from < 3) return undefined;
  const line = scan.text.slice(from, to);
  return DELIMITERS.find((delimiter) => line.includes(delimiter));
};

/** Only letters, digits and the punctuation of column names: prose seldom looks like that for a whole line. */
const looksLikeHeader = (scan: TextScan, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) {
    const found = classAt(scan.text, i);
    if (found > 9 && found !== LETTER && !HEADER_PUNCTUATION.has(scan.text.charCodeAt(i))) return false;
  }
  return true;
};

const columnsOf = (
  scan: TextScan,
  from: number,
  to: number,
  delimiter: string,
): (Rule | undefined)[] | undefined => {
  const cells = cellsOf(scan.text, from, to, delimiter);
  const rules = cells.map(({ start, end }) => keyInfo(scan.run, scan.text.slice(start, end)).rule);
  return cells.length > 1 && rules.some((rule) => rule !== undefined) ? rules : undefined;
};

const maskRow = (
  scan: TextScan,
  cells: readonly Cell[],
  columns: readonly (Rule | undefined)[],
  scanCell: ScanCell,
): void => {
  cells.forEach(({ start, end }, i) => {
    const rule = columns[i];
    const value = scan.text.slice(start, end);
    if (isMark(value)) return;
    if (rule && isPlausible(rule, value)) addHit(scan, rule.kind, 'key', start, end);
    else if (end > start) scanCell(start, end);
  });
};

type ScanCell = (start: number, end: number) => void;

/**
 * CSV, TSV and Markdown tables whose header line from..to names a sensitive column: the cells of such columns are
 * masked, all others scanned like any text. A line with another number of cells ends the table.
 * @returns where scanning goes on, or -1 when no table starts here.
 */
export const scanTable = (scan: TextScan, from: number, to: number, scanCell: ScanCell): number => {
  const delimiter = delimiterOf(scan, from, to);
  if (delimiter === undefined || !looksLikeHeader(scan, from, to)) return -1;
  const columns = columnsOf(scan, from, to, delimiter);
  if (columns === undefined) return -1;
  let row = afterBreak(scan, to);
  let after = -1;
  while (row < scan.end) {
    const end = lineEnd(scan, row);
    const cells = cellsOf(scan.text, row, end, delimiter);
    if (cells.length !== columns.length) break;
    maskRow(scan, cells, columns, scanCell);
    after = end;
    row = afterBreak(scan, end);
  }
  return after;
};
