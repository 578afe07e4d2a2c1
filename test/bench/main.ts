import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureFlush } from './disk.js';
import { startDistributedTarget, startStandaloneTarget } from './gateways.js';
import { load, percentile } from './load.js';
import { startFrames, startIssuer, startMcpProxy, startUpstream, type Target } from './targets.js';

const USAGE = `usage: npm run bench -- [--json] [--rounds N] [--seconds N] [--only NAME]

Calls a tool through each target in turn, 1 and 16 callers, several rounds, and prints medians and ratios to the
upstream called directly. Everything runs on this machine and shares its cores: compare within one run only.
"plain node:http" and "frame path" have no upstream behind them: they show what reading and writing frames costs.
--only leaves out the others (frames, standalone, distributed, mcp-proxy).`;

interface Row {
  readonly target: string;
  readonly callers: number;
  readonly calls_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** CPU time of the gateway's processes for one call; null where there is no gateway. */
  readonly cpu_us_per_call: number | null;
  readonly share_of_direct: number;
}

const WARM_UP_MS = 2_000;
const body = (n: number): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: n,
    method: 'tools/call',
    params: { name: 'get_customer', arguments: { customer_id: `C-${1_001 + (n % 100)}` } },
  });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** User and system time of processes, in microseconds; Linux counts in hundredths of a second. */
const cpuTime_us = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) * 10_000;
  }, 0);

const measure = async (
  target: Target,
  callers: number,
  duration_ms: number,
): Promise<Omit<Row, 'share_of_direct'>> => {
  const before = cpuTime_us(target.pids());
  const { calls, seconds, latencies } = await load({ ...target, body, callers, duration_ms });
  return {
    target: target.name,
    callers,
    calls_per_second: calls / seconds,
    p50_ms: percentile(latencies, 0.5),
    p99_ms: percentile(latencies, 0.99),
    cpu_us_per_call: target.pids().length === 0 ? null : (cpuTime_us(target.pids()) - before) / calls,
  };
};

const medianRow = (rows: readonly Omit<Row, 'share_of_direct'>[], direct: number): Row => {
  const [first] = rows;
  if (first === undefined) throw new Error('nothing was measured');
  const calls_per_second = median(rows.map((row) => row.calls_per_second));
  return {
    ...first,
    calls_per_second,
    p50_ms: median(rows.map((row) => row.p50_ms)),
    p99_ms: median(rows.map((row) => row.p99_ms)),
    cpu_us_per_call:
      first.cpu_us_per_call === null ? null : median(rows.map((row) => row.cpu_us_per_call ?? 0)),
    share_of_direct: calls_per_second / direct,
  };
};

const run = async (
  targets: readonly Target[],
  rounds: number,
  duration_ms: number,
): Promise<readonly Row[]> => {
  for (const target of targets) await load({ ...target, body, callers: 16, duration_ms: WARM_UP_MS });
  const rows: Row[] = [];
  for (const callers of [1, 16]) {
    const measured = targets.map((): Omit<Row, 'share_of_direct'>[] => []);
    // Rounds are interleaved, so that a slow minute of the machine falls on all targets alike.
    for (let round = 0; round < rounds; round++) {
      for (const [index, target] of targets.entries()) {
        process.stderr.write(`round ${round + 1}/${rounds}, ${callers} callers, ${target.name}          \r`);
        measured[index]?.push(await measure(target, callers, duration_ms));
      }
    }
    const direct = median((measured[0] ?? []).map((row) => row.calls_per_second));
    rows.push(...measured.map((each) => medianRow(each, direct)));
  }
  process.stderr.write(`${' '.repeat(70)}\r`);
  return rows;
};

const table = (rows: readonly Row[]): string => {
  const line = ({
    target,
    callers,
    calls_per_second,
    p50_ms,
    p99_ms,
    cpu_us_per_call,
    share_of_direct,
  }: Row): string =>
    `| ${[
      target,
      callers,
      calls_per_second.toFixed(0),
      p50_ms.toFixed(2),
      p99_ms.toFixed(1),
      cpu_us_per_call?.toFixed(0) ?? '-',
      `${(share_of_direct * 100).toFixed(0)} %`,
    ].join(' | ')} |`;
  return [
    '| target | callers | calls/s | p50 ms | p99 ms | gateway CPU us/call | of direct |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(line),
  ].join('\n');
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string' },
    },
  });
  if (values.help) return console.log(USAGE);
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const targets: Target[] = [];
  const wanted = (name: string): boolean => values.only === undefined || values.only === name;
  try {
    const upstream = await startUpstream();
    targets.push(upstream);
    const issuer = await startIssuer();
    const settings = { folder, issuer, upstream: upstream.url };
    if (wanted('frames')) targets.push(await startFrames('plain'), await startFrames('frames'));
    if (wanted('mcp-proxy')) targets.push(await startMcpProxy());
    if (wanted('standalone')) targets.push(await startStandaloneTarget(settings));
    if (wanted('distributed')) targets.push(await startDistributedTarget(settings));
    const flush = measureFlush(folder);
    const rows = await run(targets, Number(values.rounds), Number(values.seconds) * 1_000);
    await issuer.stop();
    if (values.json)
      console.log(
        JSON.stringify({ date: new Date().toISOString(), node: process.version, flush, rows }, null, 2),
      );
    else
      console.log(
        `${table(rows)}\n\nOne 4 KiB append with fdatasync on this disk: ` +
          `p50 ${flush.p50_ms.toFixed(2)} ms, p99 ${flush.p99_ms.toFixed(2)} ms.`,
      );
  } finally {
    await Promise.allSettled(targets.map((target) => target.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
};

await main();
process.exit(0);
