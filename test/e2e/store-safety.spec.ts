import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage, type Stage } from './support/stage.js';
import { startDemo } from './support/standalone.js';
import { DIST, type System } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const CLI = join(DIST, 'apps', 'cli', 'main.js');
let stage: Stage;
let system: System;

beforeAll(async () => {
  stage = await openStage();
  system = await startDemo(stage);
}, 90_000);
afterAll(() => stage.close(), 30_000);

const countersign = (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

const alarmsAs = async (user: string) => {
  const authorization = `Bearer ${await system.issuer.token(user)}`;
  const response = await fetch(`${system.urls.ledger}/ledger/alarms`, { headers: { authorization } });
  return {
    status: response.status,
    body: (await response.json()) as { items: readonly object[]; code?: string },
  };
};

it('a second process on the same data is told what to do', async () => {
  const { code, err } = await countersign('serve', '--data', system.data, '--port', '0');
  expect(code).toBe(2);
  expect(err).toMatch(
    /another process is writing.*Stop the other instance, or choose another folder with --data/,
  );
}, 60_000);

it('a running instance is checked, backed up, and restored beside itself', async () => {
  expect(await countersign('store', 'check', '--data', system.data)).toMatchObject({ code: 0 });
  const [backup, data] = [join(stage.folder, 'backup'), join(stage.folder, 'restored')];
  const taken = await countersign('backup', '--data', system.data, '--to', backup, '--json');
  expect(taken.code).toBe(0);
  expect(taken.err).toContain('The keys are not in this backup');
  const { events } = JSON.parse(taken.out) as { events: number };
  expect(events).toBeGreaterThan(0);
  const restored = await countersign('restore', backup, '--data', data, '--json');
  expect(JSON.parse(restored.out)).toMatchObject({ events, hasKeys: false, missing: 0 });
  const refused = await countersign('restore', backup, '--data', system.data);
  expect(refused.code).toBe(2);
}, 60_000);

it('operators and examiners are told that the triggers are gone; others are not told anything', async () => {
  expect((await alarmsAs('operator')).body.items).toEqual([]);
  const db = new DatabaseSync(join(system.data, 'events.db'), { defensive: false });
  db.exec('DROP TRIGGER events_append_only_update');
  db.close();
  const raised = await waitUntil(
    'the alarm is raised',
    async () => {
      const { items } = (await alarmsAs('examiner')).body;
      return items.length > 0 ? items : undefined;
    },
    20_000,
  );
  expect(raised).toMatchObject([{ kind: 'store_damaged' }]);
  expect(await alarmsAs('data-engineer')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  const listed = await countersign('alarms', '--server', system.urls.ledger);
  expect(listed.code).toBe(1);
  expect(listed.out).toContain('events_append_only_update is missing');
  const metrics = await (await fetch(`${system.urls.ledger}/metrics`)).text();
  expect(metrics).toContain('countersign_ledger_alarms_total{kind="store_damaged"} 1');
  expect((await countersign('store', 'check', '--data', system.data)).code).toBe(1);
}, 60_000);
