import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal.fixture.js';
import { createSseDecoder, type SseEvent, sseComment, sseMessage } from './sse.js';

const decode = (bytes: Uint8Array, cuts: readonly number[] = [], event_bytes_max = 10_000): SseEvent[] => {
  const decoder = createSseDecoder({ event_bytes_max });
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const events: SseEvent[] = [];
  for (let i = 1; i < borders.length; i++)
    events.push(...decoder.push(bytes.subarray(borders[i - 1], borders[i])));
  decoder.end();
  return events;
};
const texts = (stream: string, cuts?: readonly number[]) =>
  decode(Buffer.from(stream), cuts).map((event) => Buffer.from(event.data).toString());
const failure = (run: () => unknown): string => refusalOf(run)?.code ?? 'none';

describe('the SSE decoder', () => {
  it('reads events whose lines end with LF, CRLF or CR', () => {
    expect(texts('data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\n')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('joins several data lines with a line feed and takes one space off each', () => {
    expect(texts('data: a\ndata:b\ndata:  c\ndata\n\n')).toEqual(['a\nb\n c\n']);
  });

  it('drops a byte order mark at the beginning of the stream only', () => {
    expect(texts('\ufeffdata: a\n\n')).toEqual(['a']);
    expect(failure(() => texts('data: a\n\n\ufeffdata: b\n\n'))).toBe('upstream_invalid');
  });

  it('passes over comments and blank lines', () => {
    expect(texts(': hello\n\n\n:\ndata: a\n: between\n\n')).toEqual(['a']);
  });

  it('keeps the event name, the last id and the retry time', () => {
    const [first, second] = decode(Buffer.from('event: x\nid: 7\nretry: 250\ndata:\n\ndata: b\n\n'));
    expect(first).toMatchObject({ event: 'x', lastEventId: '7', retry_ms: 250 });
    expect(second).toMatchObject({ event: 'message', lastEventId: '7', retry_ms: undefined });
  });

  it('gives the same events however the bytes are cut', () => {
    const stream = Buffer.from('\ufeffid: 1\r\ndata: {"a":"ü"}\r\n\r\n: c\rdata: x\rdata: y\r\rdata: z\n\n');
    const whole = decode(stream);
    expect(whole).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(decode(stream, cuts)).toStrictEqual(whole);
      }),
    );
    expect(
      decode(
        stream,
        Array.from(stream, (_, i) => i),
      ),
    ).toStrictEqual(whole);
  });

  it.each([
    ['a field it does not know', '{"jsonrpc":"2.0"}\n\n'],
    ['a field in another case', 'Data: x\n\n'],
    ['a malformed retry time', 'retry: soon\n\n'],
    ['a stream that stops inside an event', 'data: x\n'],
    ['a stream that stops inside a line', 'data: x\n\ndata'],
  ])('refuses %s', (_, stream) => {
    expect(failure(() => texts(stream))).toBe('upstream_invalid');
  });

  it('refuses an event over the limit, in one line or many, ended or not', () => {
    const limited = (stream: string) => failure(() => decode(Buffer.from(stream), [5, 50], 100));
    expect(limited(`data: ${'x'.repeat(94)}\n\n`)).toBe('none');
    expect(limited(`data: ${'x'.repeat(95)}\n\n`)).toBe('result_too_large');
    expect(limited('data: x\n'.repeat(20))).toBe('result_too_large');
    expect(limited('x'.repeat(101))).toBe('result_too_large');
    expect(limited(`data: ${'x'.repeat(90)}\n\n`.repeat(5))).toBe('none');
  });
});

describe('the SSE encoder', () => {
  it('writes what the decoder reads, whatever line breaks the data has', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n', '\r', '\r\n', ':', ' ', 'ü')), (parts) => {
        const data = parts.join('');
        const [event] = decode(sseMessage(Buffer.from(data), { id: '9', retry_ms: 100 }));
        expect(Buffer.from(event?.data ?? []).toString()).toBe(data.replace(/\r\n|\r/g, '\n'));
        expect(event).toMatchObject({ event: 'message', lastEventId: '9', retry_ms: 100 });
      }),
    );
  });

  it('writes comments that no client sees', () => {
    expect(Buffer.from(sseComment('a\nb')).toString()).toBe(': a\n: b\n\n');
    expect(decode(sseComment('data: x\n\ndata: y'))).toEqual([]);
  });

  it('does not let an id or event name forge a line', () => {
    expect(() => sseMessage(Buffer.from('x'), { id: '1\ndata: forged' })).toThrow(TypeError);
    expect(() => sseMessage(Buffer.from('x'), { event: 'a\rb' })).toThrow(TypeError);
  });
});
