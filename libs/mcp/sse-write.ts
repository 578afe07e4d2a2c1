const LF = 0x0a;
const CR = 0x0d;
const DATA = Buffer.from('data: ');
const NEW_LINE = Buffer.from('\n');

export interface SseMessageOptions {
  /** Without line breaks and NUL. */
  readonly id?: string;
  /** Event name; left out it is `message`, the only one MCP uses. */
  readonly event?: string;
  /** What a client waits before it reconnects. */
  readonly retry_ms?: number;
}

/** One event of a `text/event-stream`. Line breaks inside `data` become several data lines. */
export const sseMessage = (data: Uint8Array, options: SseMessageOptions = {}): Uint8Array => {
  const parts: Uint8Array[] = [];
  if (options.event !== undefined) parts.push(field('event', options.event));
  if (options.id !== undefined) parts.push(field('id', options.id));
  if (options.retry_ms !== undefined) parts.push(field('retry', String(Math.trunc(options.retry_ms))));
  for (const line of linesOf(data)) parts.push(DATA, line, NEW_LINE);
  parts.push(NEW_LINE);
  return Buffer.concat(parts);
};

/** A comment keeps proxies from closing an idle stream; clients do not see it. */
export const sseComment = (text: string): Uint8Array =>
  Buffer.from(
    `${text
      .split(/\r\n|\r|\n/)
      .map((line) => `: ${line}\n`)
      .join('')}\n`,
  );

const field = (name: string, value: string): Uint8Array => {
  // A line break here would let a value forge fields and whole events.
  if (/[\r\n\0]/.test(value)) throw new TypeError(`sse: line break or NUL in ${name}`);
  return Buffer.from(`${name}: ${value}\n`);
};

const linesOf = (data: Uint8Array): Uint8Array[] => {
  if (!data.includes(LF) && !data.includes(CR)) return [data];
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at < data.length; at++) {
    const byte = data[at];
    if (byte !== LF && byte !== CR) continue;
    lines.push(data.subarray(start, at));
    if (byte === CR && data[at + 1] === LF) at++;
    start = at + 1;
  }
  lines.push(data.subarray(start));
  return lines;
};
