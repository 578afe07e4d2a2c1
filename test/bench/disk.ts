import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from './load.js';

const FLUSHES = 200;
const PAGE = Buffer.alloc(4_096, 1);

/** Milliseconds of one 4 KiB append with fdatasync: what each durable append costs at the least on this disk. */
export const measureFlush = (folder: string): { readonly p50_ms: number; readonly p99_ms: number } => {
  const file = join(folder, 'flush.probe');
  const descriptor = openSync(file, 'w');
  const times = Array.from({ length: FLUSHES }, () => {
    const started = performance.now();
    writeSync(descriptor, PAGE);
    fdatasyncSync(descriptor);
    return performance.now() - started;
  });
  closeSync(descriptor);
  unlinkSync(file);
  const sorted = Float64Array.from(times).sort();
  return { p50_ms: percentile(sorted, 0.5), p99_ms: percentile(sorted, 0.99) };
};
