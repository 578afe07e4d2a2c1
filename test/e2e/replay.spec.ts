import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { loadOrCreateSealingKey } from '#sealing/file-keys.js';
import { createSealer } from '#sealing/sealer.js';
import type { ReplayLine, ReplaySummary } from '../../apps/ledger/replay/report.js';
import { recordCalls } from '../golden/recorded-calls.js';
import { bankUpstream, startBank } from './support/bank.js';
import { DIRECT_WRITES, demoPolicy } from './support/policies.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect, DIST, serviceOf } from './support/system.js';

const CALLS = 6_000;
/** A third of the calls is let through and masked. */
const CHECKS = CALLS + CALLS / 3;

let stage: Stage;
let system: PrivateSystem;
beforeAll(async () => {
  stage = await openStage();
  const data = join(stage.folder, 'recorded');
  const store = await openSqliteEventStore({ file: join(data, 'events.db') });
  const { kid, publicKey } = await loadOrCreateSealingKey(join(data, 'keys'));
  await recordCalls(store, await createSealer(kid, publicKey), demoPolicy(), CALLS);
  await store.close();
  const upstreams = [bankUpstream(await startBank(stage))];
  system = await startPrivate(stage, { policy: DIRECT_WRITES, upstreams, data });
}, 120_000);
afterAll(() => stage.close(), 30_000);

const post = async (body: object, accept: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${system.urls.ledger}/ledger/replay`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      accept,
      authorization: `Bearer ${await system.issuer.token('examiner')}`,
      'content-type': 'application/json',
    },
    ...(signal === undefined ? {} : { signal }),
  });

async function* linesOf(response: Response): AsyncGenerator<ReplayLine> {
  let rest = '';
  for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(
    new TextDecoderStream(),
  )) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as ReplayLine;
  }
}

const stream = (body: object, signal?: AbortSignal) => post(body, 'application/x-ndjson', signal);
const collect = async (response: Response): Promise<readonly ReplayLine[]> => {
  const lines: ReplayLine[] = [];
  for await (const line of linesOf(response)) lines.push(line);
  return lines;
};
const allLines = async (body: object): Promise<readonly ReplayLine[]> => collect(await stream(body));
const summaryOf = (lines: readonly ReplayLine[]): ReplaySummary => {
  const last = lines.at(-1);
  if (last === undefined || !('summary' in last)) throw new Error(`no summary: ${JSON.stringify(last)}`);
  return last.summary;
};
const progressOf = (lines: readonly ReplayLine[]) =>
  lines.flatMap((line) => ('progress' in line ? [line.progress] : []));

/** The command line on the files of the stopped system. */
const cli = (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const command = [join(DIST, 'apps', 'cli', 'main.js'), 'replay', ...args];
    execFile(process.execPath, command, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

describe('a long replay', () => {
  it('tells how far it is, can be resumed from there, and checks everything once', async () => {
    const lines = await allLines({});
    expect(summaryOf(lines)).toMatchObject({ checked: CHECKS, identical: CHECKS, next: null });
    const told = progressOf(lines);
    const middle = told[Math.floor(told.length / 2)];
    expect(Number(middle?.position)).toBeLessThan(Number(middle?.until));
    const rest = summaryOf(await allLines({ after: middle?.position }));
    expect((middle?.checked ?? 0) + rest.checked).toBe(CHECKS);
    expect(rest.identical).toBe(rest.checked);
  }, 120_000);

  it('checks only its time', async () => {
    const range = { from: '2026-01-01T00:00:10.000Z', to: '2026-01-01T00:00:22.000Z' };
    expect(summaryOf(await allLines(range))).toMatchObject({ checked: 12 + 4, identical: 12 + 4 });
  }, 60_000);

  it('leaves room for calls: two run, a third is refused, and a call is served in time', async () => {
    const [one, other] = await Promise.all([stream({}), stream({})]);
    const both = Promise.all([one, other].map(collect));
    const third = await post({}, 'application/json');
    expect([third.status, ((await third.json()) as { code: string }).code]).toEqual([429, 'busy']);
    const agent = await connect(system, 'SDK v1', 'data-engineer', 'core-banking');
    for (let call = 0; call < 5; call++) {
      const began = performance.now();
      const result = await agent.call('query_customers', { limit: 1 });
      expect(result.isError ?? false).toBe(false);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
    await agent.close();
    for (const lines of await both) expect(summaryOf(lines).identical).toBe(CHECKS);
  }, 120_000);

  it('ends when its client is gone, and makes room', async () => {
    for (let gone = 0; gone < 3; gone++) {
      const leaving = new AbortController();
      const response = await stream({}, leaving.signal);
      expect(response.status).toBe(200);
      leaving.abort();
      // The server hears of it a moment later.
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const { status } = await post({ call: 'none' }, 'application/json');
    expect(status).toBe(404);
  }, 60_000);

  it('with another policy lists what would change, by rule', async () => {
    const policy = demoPolicy().replaceAll('RA-1', 'RX-1');
    const { different, counts, changes } = summaryOf(await allLines({ with: policy }));
    const from = { effect: 'allow', rules: ['RA-1'], masked: true };
    const group = changes?.find((change) => change.from.rules.includes('RA-1'));
    expect(group).toMatchObject({ from, to: { ...from, rules: ['RX-1'] } });
    expect(group?.calls.length).toBe(5);
    expect(changes?.reduce((sum, { count }) => sum + count, 0)).toBe(counts.different);
    expect(counts.different).toBeGreaterThan(different.length);
    expect(different.length).toBe(500);
  }, 60_000);

  it('is refused on the files of an instance that runs', async () => {
    const { code, err } = await cli('--data', system.data);
    expect(code).toBe(2);
    expect(err).toContain('another process');
  });

  it('is ended by a stop of the ledger, which says where to go on; the files alone are enough for that', async () => {
    const response = await stream({});
    const lines: ReplayLine[] = [];
    let stopped: Promise<void> | undefined;
    for await (const line of linesOf(response)) {
      lines.push(line);
      stopped ??= serviceOf(system, 'countersign').stop();
    }
    await stopped;
    const { checked, identical, next } = summaryOf(lines);
    expect(identical).toBe(checked);
    expect(checked).toBeLessThan(CHECKS);
    const rest = await cli('--data', system.data, '--resume', next ?? '', '--json');
    expect(rest).toMatchObject({ code: 0 });
    const summary = JSON.parse(rest.out) as ReplaySummary;
    // The calls that were served meanwhile, each decided and masked, are part of the whole log.
    expect(summary.identical).toBe(summary.checked);
    expect(checked + summary.checked).toBeGreaterThanOrEqual(CHECKS + 5 * 2);
  }, 120_000);
});
