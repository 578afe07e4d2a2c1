import { visibleJsonText } from '#core/visible-text.js';

/** Rows as columns of even width; the last column is left as it is. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
};

export const printJson = (value: unknown): void =>
  console.log(visibleJsonText(JSON.stringify(value, null, 2)));

const LINE_MAX = 160;

/** JSON for reading, indented under a title; at most `lines_max` lines of it, each cut where it gets too long. */
export const block = (value: unknown, lines_max = Number.POSITIVE_INFINITY): string => {
  const lines = visibleJsonText(JSON.stringify(value, null, 2) ?? 'null').split('\n');
  const shown = lines
    .slice(0, lines_max)
    .map((line) => (lines_max < Number.POSITIVE_INFINITY ? cut(line) : line));
  const rest = lines.length - shown.length;
  return [...shown, ...(rest > 0 ? [`... ${rest} more lines`] : [])].map((line) => `    ${line}`).join('\n');
};

const cut = (line: string): string => (line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}...` : line);
