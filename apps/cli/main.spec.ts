import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const DEMO_POLICY = fileURLToPath(new URL('../../../deploy/demo/policy.yaml', import.meta.url));
const COMMANDS = [
  'serve',
  'distributed',
  'demo',
  'token',
  'policy',
  'approvals',
  'approve',
  'deny',
  'catalog',
  'calls',
  'upstreams',
  'show',
  'search',
  'sessions',
  'export',
  'ledger',
  'replay',
  'evidence',
  'verify',
  'alarms',
  'store',
  'backup',
  'restore',
];
const RECORDED = { decision: { effect: 'allow', rules: ['RA-1'] }, profileDigest: null };
const REPLAYED = { decision: { effect: 'deny', rules: [] }, profileDigest: null };
const DIFFERENT = { callId: 'c1', eventId: 'e1', what: 'decision', recorded: RECORDED, replayed: REPLAYED };

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Result> =>
  new Promise((resolve) => {
    const options = { env: { PATH: dirname(process.execPath), ...env } };
    execFile(process.execPath, [MAIN, ...args], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

let folder = '';
let server: Server;
let url = '';
let answer: unknown;
const asked: { url: string | undefined; authorization: string | undefined; body: string }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked.push({ url: request.url, authorization: request.headers.authorization, body });
    const refused = request.url?.includes('refused');
    response.writeHead(refused ? 409 : 200, { 'content-type': 'application/json' });
    const problem = { code: 'digest_mismatch', title: 'The digest is wrong.', next: 'Read it again.' };
    response.end(`${JSON.stringify(refused ? problem : answer)}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the command line', () => {
  it('shows all commands and ends fine when asked for help', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it.each(COMMANDS)('%s tells how it is used', async (command) => {
    const { code, out } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^usage: countersign ${command}`));
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['an unknown option', ['token', '--frobnicate']],
    ['a missing option', ['token']],
    ['a missing word', ['show']],
    ['a word too many', ['calls', 'all']],
    ['a port that is none', ['serve', '--port', '70000']],
    ['an address that is none', ['calls', '--server', 'bank']],
    ['a file that is not there', ['policy', 'check', 'nowhere.yaml']],
    ['a configuration that is not there', ['serve', '--config', 'nowhere.yaml']],
  ])('ends with 2 and no stack trace for %s', async (_, args) => {
    const { code, err, out } = await run(args);
    expect(code).toBe(2);
    expect(err + out).toContain('countersign');
    expect(err).not.toMatch(/^ +at /m);
  });

  it('says the next step when nothing answers', async () => {
    const { code, err } = await run(['token', '--user', 'examiner', '--server', 'http://127.0.0.1:9']);
    expect(code).toBe(2);
    expect(err).toContain('npm start');
  });
});

describe('countersign policy', () => {
  const write = (change: (text: string) => string): string => {
    const file = join(folder, 'policy.yaml');
    writeFileSync(file, change(readFileSync(DEMO_POLICY, 'utf8')));
    return file;
  };

  it('check accepts the demo policy and shows its digest', async () => {
    const { code, out } = await run(['policy', 'check', DEMO_POLICY]);
    expect(code).toBe(0);
    expect(out).toMatch(/valid, sha256:[0-9a-f]{64}/);
  });

  it('check finds a mistake, with its place: exit code 1', async () => {
    const file = write((text) => text.replace('mask: pii-standard', 'mask: pii-standart'));
    const { code, out } = await run(['policy', 'check', file]);
    expect(code).toBe(1);
    expect(out).toMatch(/policy\.yaml:\d+:\d+ .*pii-standart/);
  });

  it('test counts failing tests: exit code 1', async () => {
    const file = write((text) => text.replace('expect: deny RA-2', 'expect: allow RA-1'));
    const { code, out } = await run(['policy', 'test', file, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ failed: 1 });
    expect((JSON.parse(out) as { passed: number }).passed).toBeGreaterThan(1);
  });

  it('test cannot run on a file that is wrong otherwise: exit code 2', async () => {
    const file = write((text) => text.replace('mask: pii-standard', 'mask: pii-standart'));
    expect((await run(['policy', 'test', file])).code).toBe(2);
  });

  it('explain gives every cell as JSON', async () => {
    const { code, out } = await run(['policy', 'explain', DEMO_POLICY, '--json']);
    expect(code).toBe(0);
    const { cells } = JSON.parse(out) as { cells: { role: string; operation: string; effect: string }[] };
    expect(cells).toContainEqual(
      expect.objectContaining({ role: 'risk-analyst', operation: 'customer.write', effect: 'deny' }),
    );
  });
});

describe('commands that ask a running system', () => {
  const env = { COUNTERSIGN_TOKEN: 'opaque-token' };

  const summary = (found: object = {}) => {
    const counts = { identical: 3, different: 0, unknown_engine: 0, payload_erased: 0 };
    const lists = { different: [], unknown_engine: [], payload_erased: [] };
    return { checked: 3, identical: 3, ...lists, counts, next: null, ...found };
  };

  it('replay ends fine when all is identical, and asks with the token and the range', async () => {
    answer = { summary: summary() };
    const { code, out } = await run(['replay', '--call', 'c1', '--json', '--server', url], env);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(summary());
    expect(asked.at(-1)).toEqual({
      url: '/ledger/replay',
      authorization: 'Bearer opaque-token',
      body: '{"call":"c1"}',
    });
  });

  it('replay ends with 1 and names the call when something differs', async () => {
    answer = { summary: summary({ identical: 2, different: [DIFFERENT] }) };
    const { code, out } = await run(['replay', '--server', url], env);
    expect(code).toBe(1);
    expect(out).toContain('call c1: allow (RA-1) -> deny (no rule)');
  });

  it.each(['unknown_engine', 'payload_erased'])('replay ends with 1 for %s, and lists it', async (reason) => {
    const group = { reason: 'masking-9', count: 1, calls: ['c7'] };
    answer = { summary: summary({ identical: 2, [reason]: [group] }) };
    const { code, out } = await run(['replay', '--server', url], env);
    expect(code).toBe(1);
    expect(out).toContain('masking-9: 1; call c7');
  });

  it('replay that could not go on ends with 2 and says how to resume', async () => {
    answer = { error: { code: 'masking_unavailable', title: 'Masking is away.', next: '77' } };
    const { code, err } = await run(['replay', '--server', url], env);
    expect(code).toBe(2);
    expect(err).toContain('Masking is away. [masking_unavailable] Go on with --resume 77');
    await run(['replay', '--resume', '77', '--server', url], env);
    expect(asked.at(-1)?.body).toBe('{"after":"77"}');
  });

  it('replay --with sends the text of the policy, and groups what would change by rule', async () => {
    const from = { effect: 'allow', rules: ['RA-1'], masked: true };
    const to = { effect: 'deny', rules: [], masked: false };
    answer = { summary: summary({ identical: 0, changes: [{ from, to, count: 3, calls: ['c1', 'c2'] }] }) };
    const { code, out } = await run(['replay', '--with', DEMO_POLICY, '--server', url], env);
    expect(code).toBe(1);
    expect(out).toContain('3 decisions: allow (RA-1, masked) -> deny (no rule); calls c1, c2, ...');
    expect(JSON.parse(asked.at(-1)?.body ?? '{}')).toEqual({ with: readFileSync(DEMO_POLICY, 'utf8') });
  });

  it('calls turns options into the query', async () => {
    answer = { items: [], next: null };
    const { out } = await run(
      ['calls', '--principal', 'a b', '--upstream', 'core-banking', '--server', url],
      env,
    );
    expect(out.trim()).toBe('no calls');
    expect(asked.at(-1)?.url).toBe('/ledger/calls?principal=a+b&server=core-banking');
  });

  it('a refusal is shown with its code and next step: exit code 2', async () => {
    const { code, err } = await run(['approve', 'refused', '--digest', 'sha256:0', '--server', url], env);
    expect(code).toBe(2);
    expect(err).toContain('The digest is wrong. Read it again. [digest_mismatch]');
  });
});
