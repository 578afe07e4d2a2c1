import { afterEach, describe, expect, it } from 'vitest';
import { LaunchError, type Program } from './programs.js';
import { type Supervised, supervise } from './supervise.js';

const reports: string[] = [];
const logged: string[] = [];
const started: Supervised[] = [];
const watched = new Set<number>();
const guard = {
  watch: (pid: number) => watched.add(pid),
  forget: (pid: number) => watched.delete(pid),
  close: () => undefined,
};
const surroundings = {
  guard,
  report: (text: string) => reports.push(text),
  log: (line: string) => logged.push(line),
};

const program = (script: string, more: Partial<Program> = {}): Program => ({
  name: 'ledger',
  command: process.execPath,
  args: ['-e', script],
  env: {},
  ready: /^up/,
  logs: true,
  ...more,
});
const STAYS = "console.log('up'); setInterval(() => {}, 1000)";

const start = async (which: Program): Promise<Supervised> => {
  const supervised = await supervise(which, surroundings);
  started.push(supervised);
  return supervised;
};
const kill = (supervised: Supervised): number => {
  const pid = supervised.pid();
  if (pid === undefined) throw new Error('not running');
  process.kill(pid, 'SIGKILL');
  return pid;
};

afterEach(async () => {
  await Promise.all(started.splice(0).map((supervised) => supervised.stop()));
  reports.length = 0;
  logged.length = 0;
});

describe('a supervised process', () => {
  it('is up only once it says so', async () => {
    const supervised = await start(program(`setTimeout(() => { ${STAYS} }, 200)`));
    expect(supervised.pid()).toBeTypeOf('number');
    expect(watched).toContain(supervised.pid());
  });

  it('is reported and started again when it dies', async () => {
    const supervised = await start(program(STAYS));
    const first = kill(supervised);
    await expect.poll(() => supervised.pid()).not.toBe(first);
    await expect.poll(() => supervised.pid()).toBeTypeOf('number');
    expect(reports[0]).toContain('ledger ended (SIGKILL)');
    expect(reports[1]).toContain('started again');
    expect([...watched]).toEqual([supervised.pid()]);
  });

  it('stays down while restarts are off, and comes back when they are on', async () => {
    const supervised = await start(program(STAYS));
    supervised.setRestart(false);
    kill(supervised);
    await expect.poll(() => reports.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(supervised.pid()).toBeUndefined();
    supervised.setRestart(true);
    await expect.poll(() => supervised.pid()).toBeTypeOf('number');
  });

  it('is not started again when it was stopped', async () => {
    const supervised = await start(program(STAYS));
    await supervised.stop();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(supervised.pid()).toBeUndefined();
    expect(reports).toEqual([]);
  });

  it('that ends during its first start is no system: its last words are in the error', async () => {
    const start = supervise(
      program("console.error('the port is taken'); process.exitCode = 2"),
      surroundings,
    );
    await expect(start).rejects.toThrow(/ledger did not start \(exit code 2\): the port is taken/);
    await expect(start).rejects.toBeInstanceOf(LaunchError);
    expect(watched.size).toBe(0);
  });

  it('that cannot be started at all is told from one that ends', async () => {
    const nowhere = program('', { command: '/nowhere/at-all' });
    await expect(supervise(nowhere, surroundings)).rejects.toThrow(/ENOENT/);
  });

  it('gets its secret on standard input, and its log lines are handed on', async () => {
    const script =
      "process.stdin.once('data', (secret) => { console.error('got ' + secret); console.log('up'); setInterval(() => {}, 1000) })";
    await start(program(script, { input: 'secret' }));
    await expect.poll(() => logged).toEqual(['got secret']);
  });
});
