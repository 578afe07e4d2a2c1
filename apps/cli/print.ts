/** Rows as columns of even width; the last column is left as it is. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
};

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2));

/** JSON for reading, indented under a title. */
export const block = (value: unknown, indent = '    '): string =>
  (JSON.stringify(value, null, 2) ?? 'null')
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
