import { describe, expect, it } from 'vitest';
import type { ResponseFrame } from '../frame.js';
import { openExchange } from './exchange.js';
import type { RequestOptions } from './upstream.types.js';
import { unknown } from './upstream-call.fixture.js';

const answer: ResponseFrame = { kind: 'response', id: 1, outcome: 'result', bytes: Buffer.from('{"a":1}') };
const open = (options: Partial<RequestOptions> = {}) => {
  const stops: [string, boolean][] = [];
  const all = { deadline_ms: 10_000, signal: new AbortController().signal, resultBytesMax: 100, ...options };
  return { stops, exchange: openExchange(1, all, (reason, sent) => stops.push([reason, sent])) };
};
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('an exchange', () => {
  it('ends with the first of answer and failure', async () => {
    const { exchange } = open();
    exchange.markSent();
    exchange.answer(answer);
    exchange.fail('connection_lost', 'later');
    exchange.answer({ ...answer, bytes: Buffer.from('{}') });
    expect(await exchange.settled).toEqual({ kind: 'result', bytes: answer.bytes });
  });

  it('is not carried out when the deadline, an abort or a failure comes before it was sent', async () => {
    const late = open({ deadline_ms: 5 });
    await expect(late.exchange.settled).rejects.toThrow(code('upstream_unavailable'));
    expect(late.stops).toEqual([['timeout', false]]);
    const aborted = open({ signal: AbortSignal.abort() });
    await expect(aborted.exchange.settled).rejects.toThrow(code('call_cancelled'));
    const failed = open();
    failed.exchange.fail('connection_lost', 'x');
    await expect(failed.exchange.settled).rejects.toThrow(code('upstream_unavailable'));
  });

  it('is of unknown outcome when they come after it was sent', async () => {
    const late = open({ deadline_ms: 5 });
    late.exchange.markSent();
    await expect(late.exchange.settled).rejects.toThrow(unknown('timeout'));
    expect(late.stops).toEqual([['timeout', true]]);
    const controller = new AbortController();
    const aborted = open({ signal: controller.signal });
    aborted.exchange.markSent();
    controller.abort();
    await expect(aborted.exchange.settled).rejects.toThrow(unknown('cancelled'));
    const failed = open();
    failed.exchange.markSent();
    failed.exchange.fail('connection_lost', 'x');
    await expect(failed.exchange.settled).rejects.toThrow(unknown('connection_lost'));
  });

  it('is not carried out when the upstream has refused it, though it was sent', async () => {
    const { exchange } = open();
    exchange.markSent();
    exchange.refuse('HTTP 401');
    await expect(exchange.settled).rejects.toThrow(code('upstream_unavailable'));
  });

  it('counts the bytes of the result alone: at the limit it passes, one over it does not', async () => {
    const exact = open({ resultBytesMax: answer.bytes.length });
    exact.exchange.answer(answer);
    expect((await exact.exchange.settled).kind).toBe('result');
    const over = open({ resultBytesMax: answer.bytes.length - 1 });
    over.exchange.answer(answer);
    await expect(over.exchange.settled).rejects.toThrow(code('result_too_large'));
  });

  it('passes on progress of its own token with numbers, until it is over', () => {
    const reports: object[] = [];
    const { exchange } = open({ progressToken: 't', onProgress: (progress) => reports.push(progress) });
    exchange.progress({ progressToken: 't', progress: 1, total: 3, message: 'half' });
    exchange.progress({ progressToken: 't', progress: '2' });
    exchange.progress({ progressToken: 'u', progress: 2 });
    exchange.progress({ progress: 2 });
    exchange.answer(answer);
    exchange.progress({ progressToken: 't', progress: 3 });
    expect(reports).toEqual([{ progress: 1, total: 3, message: 'half' }]);
  });
});
