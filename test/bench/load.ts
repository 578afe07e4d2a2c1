import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';

export interface Load {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: (n: number) => string;
  readonly callers: number;
  readonly duration_ms: number;
}

export interface Measured {
  readonly calls: number;
  readonly seconds: number;
  /** Milliseconds, sorted. */
  readonly latencies: Float64Array;
}

/** Closed loop: each caller sends its next call when the answer to the last is there. Fails on any answer that is not a result. */
export const load = async ({ url, headers, body, callers, duration_ms }: Load): Promise<Measured> => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: callers, pipelining: 1 });
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + duration_ms;
  let n = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < until) {
      const at = performance.now();
      const { statusCode, body: answer } = await pool.request({
        path: pathname,
        method: 'POST',
        headers,
        body: body(n++),
      });
      const text = await answer.text();
      if (statusCode !== 200 || !text.includes('"result"') || text.includes('"isError":true'))
        throw new Error(`${url}: ${statusCode} ${text.slice(0, 300)}`);
      latencies.push(performance.now() - at);
    }
  };
  try {
    await Promise.all(Array.from({ length: callers }, caller));
  } finally {
    await pool.destroy();
  }
  return {
    calls: latencies.length,
    seconds: (performance.now() - started) / 1_000,
    latencies: Float64Array.from(latencies).sort(),
  };
};

export const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
