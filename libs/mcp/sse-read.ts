import { CountersignError } from '#core/errors.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEW_LINE = Buffer.from('\n');

export interface SseEvent {
  /** `message` unless the stream said otherwise. */
  readonly event: string;
  /** Empty for an event that only carries an id or a retry time. */
  readonly data: Uint8Array;
  /** The stream's last event id so far; undefined when none was sent. */
  readonly lastEventId: string | undefined;
  readonly retry_ms: number | undefined;
}

export interface SseDecoder {
  /** Takes bytes as they come and returns the events they complete. */
  push(chunk: Uint8Array): readonly SseEvent[];
  /** @throws CountersignError upstream_invalid when the stream stops inside an event. */
  end(): void;
}

interface Pending {
  data: Uint8Array[];
  event: string;
  retry_ms: number | undefined;
  /** Whether a field was seen since the last blank line. */
  begun: boolean;
  bytes: number;
}

const emptyEvent = (): Pending => ({ data: [], event: '', retry_ms: undefined, begun: false, bytes: 0 });

/**
 * Incremental decoder of `text/event-stream` (WHATWG HTML 9.2.6), strict where a browser is lenient: a field it does
 * not know, a malformed retry time and a cut event are errors, so that nothing an upstream says is skipped in silence.
 * Data stays bytes; the JSON scanner checks them.
 * @throws CountersignError result_too_large when one event is over `event_bytes_max`, upstream_invalid otherwise.
 */
export const createSseDecoder = (limits: { readonly event_bytes_max: number }): SseDecoder => {
  let pending = emptyEvent();
  let lastEventId: string | undefined;
  let firstLine = true;
  let events: SseEvent[] = [];

  const takeLine = (raw: Uint8Array): void => {
    const line = firstLine ? withoutByteOrderMark(raw) : raw;
    firstLine = false;
    if (line.length > 0) {
      pending.bytes += line.length;
      lines.limit(pending.bytes);
      lastEventId = takeField(line, pending) ?? lastEventId;
      return;
    }
    if (pending.begun) events.push(toEvent(pending, lastEventId));
    pending = emptyEvent();
  };
  const lines = createLines(limits.event_bytes_max, takeLine);

  return {
    push(chunk) {
      events = [];
      lines.push(chunk);
      lines.limit(pending.bytes);
      return events;
    },
    end() {
      if (!pending.begun && lines.restBytes() === 0) return;
      throw new CountersignError('upstream_invalid', 'the SSE stream stopped inside an event');
    },
  };
};

interface Lines {
  push(chunk: Uint8Array): void;
  restBytes(): number;
  /** Throws when the begun line and `before` bytes together are over the limit. */
  limit(before: number): void;
}

/** Splits at LF, CR and CRLF, also when a chunk ends between CR and LF. */
const createLines = (event_bytes_max: number, onLine: (line: Uint8Array) => void): Lines => {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let afterCr = false;
  const take = (piece: Uint8Array): void => {
    const line = restBytes === 0 ? piece : Buffer.concat([...rest, piece]);
    rest = [];
    restBytes = 0;
    onLine(line);
  };
  return {
    push(chunk) {
      if (chunk.length === 0) return;
      let start = afterCr && chunk[0] === LF ? 1 : 0;
      afterCr = false;
      for (let end = lineEnd(chunk, start); end >= 0; end = lineEnd(chunk, start)) {
        take(chunk.subarray(start, end));
        start = end + 1;
        if (chunk[end] !== CR) continue;
        if (chunk[start] === LF) start++;
        else afterCr = start === chunk.length;
      }
      if (start === chunk.length) return;
      // Copied: the transport may use its buffer again.
      rest.push(new Uint8Array(chunk.subarray(start)));
      restBytes += chunk.length - start;
    },
    restBytes: () => restBytes,
    limit(before) {
      if (before + restBytes <= event_bytes_max) return;
      throw new CountersignError('result_too_large', `an SSE event over ${event_bytes_max} bytes`);
    },
  };
};

/** The nearer one of the next LF and the next CR. */
const lineEnd = (chunk: Uint8Array, start: number): number => {
  const lf = chunk.indexOf(LF, start);
  const cr = chunk.subarray(start, lf < 0 ? chunk.length : lf).indexOf(CR);
  return cr < 0 ? lf : start + cr;
};

const withoutByteOrderMark = (line: Uint8Array): Uint8Array =>
  line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;

/** @returns the event id when the line sets one. */
const takeField = (line: Uint8Array, pending: Pending): string | undefined => {
  const colon = line.indexOf(COLON);
  if (colon === 0) return undefined;
  const name = ascii(colon < 0 ? line : line.subarray(0, colon));
  const value =
    colon < 0 ? line.subarray(line.length) : line.subarray(line[colon + 1] === SPACE ? colon + 2 : colon + 1);
  pending.begun = true;
  switch (name) {
    case 'data':
      pending.data.push(new Uint8Array(value));
      return undefined;
    case 'event':
      pending.event = ascii(value);
      return undefined;
    case 'id':
      return ascii(value);
    case 'retry':
      pending.retry_ms = retryTime(ascii(value));
      return undefined;
    default:
      throw new CountersignError('upstream_invalid', 'an SSE line with an unknown field');
  }
};

const retryTime = (digits: string): number => {
  if (!/^\d{1,9}$/.test(digits)) throw new CountersignError('upstream_invalid', 'a malformed SSE retry time');
  return Number(digits);
};

const toEvent = (pending: Pending, lastEventId: string | undefined): SseEvent => ({
  event: pending.event || 'message',
  data: joinLines(pending.data),
  lastEventId,
  retry_ms: pending.retry_ms,
});

const joinLines = (lines: readonly Uint8Array[]): Uint8Array => {
  if (lines.length === 1) return lines[0] as Uint8Array;
  return Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [NEW_LINE, line])));
};

const ascii = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
