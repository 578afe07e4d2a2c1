import { appendFile, chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { type History, openHistory } from '../history.fixture.js';
import { eventsFile } from '../open-event-store.js';
import { backUp } from './backup.js';
import { checkStore } from './check-store.js';
import { describeFile, readManifest, writeManifest } from './manifest.js';
import { restore } from './restore.js';

let history: History;
let to: string;
let data: string;
const checkpointOf = (size: number) =>
  `bank.example/countersign\n${size}\n${'A'.repeat(43)}=\n\n— bank sig\n`;

beforeEach(async () => {
  history = await openHistory();
  to = join(history.folder, 'backup');
  data = join(history.folder, 'restored');
  for (let n = 0; n < 20; n++)
    await history.record(`call-${n}`, -1, { type: 'CallRequested', sealed: { n } }, { type: 'CallDecided' });
  await mkdir(join(history.folder, 'keys'), { recursive: true });
  await writeFile(join(history.folder, 'keys', 'some-key.json'), '{}');
  await chmod(join(history.folder, 'keys', 'some-key.json'), 0o644);
});
afterEach(() => history.close());

const takeBackup = (withKeys = false) => backUp({ data: history.folder, to, withKeys });

describe('a backup', () => {
  it('of a store that is being written to is one moment of it, and restores to the same events', async () => {
    let writing = true;
    const writer = (async () => {
      for (let n = 20; writing; n++)
        await history.record(
          `call-${n}`,
          -1,
          { type: 'CallRequested', sealed: { n } },
          { type: 'CallDecided' },
        );
    })();
    const manifest = await takeBackup();
    writing = false;
    await writer;
    expect(manifest.events).toBeGreaterThanOrEqual(40);
    expect(await restore({ from: to, data })).toMatchObject({ missing: 0, hasKeys: false });
    expect(checkStore(data)).toEqual({ events: manifest.events, lastPosition: manifest.lastPosition });
    const restored = await openSqliteEventStore({ file: eventsFile(data) });
    const { events } = await restored.readAll({ limit: 10_000 });
    const original = await history.store.readAll({ limit: 10_000 });
    expect(events).toEqual(original.events.slice(0, manifest.events));
    await restored.append('call-new', -1, history.append('call-new', -1, { type: 'CallRequested' }).events);
    await restored.close();
  });

  it('has the keys only when asked, readable by their owner only', async () => {
    expect((await takeBackup()).files.map(({ name }) => name)).toEqual(['events.db']);
    await rm(to, { recursive: true });
    const { files } = await takeBackup(true);
    expect(files.map(({ name }) => name)).toContain('keys/some-key.json');
    for (const { name } of files) expect((await stat(join(to, name))).mode & 0o777).toBe(0o600);
    expect(await restore({ from: to, data })).toMatchObject({ hasKeys: true });
    expect(await readFile(join(data, 'keys', 'some-key.json'), 'utf8')).toBe('{}');
  });

  it('goes into a folder of its own', async () => {
    await takeBackup();
    await expect(takeBackup()).rejects.toThrow(/is not empty/);
  });

  it('carries the checkpoint that was published when it began', async () => {
    await mkdir(join(history.folder, 'log'));
    await writeFile(join(history.folder, 'log', 'checkpoint'), checkpointOf(30));
    expect((await takeBackup()).checkpoint).toBe(checkpointOf(30));
  });
});

describe('a restore', () => {
  it('writes over nothing', async () => {
    await takeBackup();
    await restore({ from: to, data });
    await expect(restore({ from: to, data })).rejects.toThrow(/events.db exists/);
    await expect(restore({ from: to, data: history.folder })).rejects.toThrow(/another process|exists/);
  });

  it('refuses a backup that was changed, or that did not come to its end', async () => {
    await takeBackup();
    const manifest = await readFile(join(to, 'manifest.json'), 'utf8');
    await appendFile(join(to, 'events.db'), 'x');
    await expect(restore({ from: to, data })).rejects.toThrow(
      /events.db is missing or not as the manifest says/,
    );
    await rm(join(to, 'manifest.json'));
    await expect(restore({ from: to, data })).rejects.toThrow(/did not come to its end/);
    await writeFile(join(to, 'manifest.json'), manifest.replace('"events.db"', '"../events.db"'));
    await expect(restore({ from: to, data })).rejects.toThrow(/not the manifest/);
    await expect(stat(eventsFile(data))).rejects.toThrow();
  });

  it('refuses a backup whose events do not fit each other, even if the manifest was made to agree', async () => {
    await takeBackup();
    const file = join(to, 'events.db');
    const db = new DatabaseSync(file, { defensive: false });
    const trigger = db
      .prepare("SELECT sql FROM sqlite_schema WHERE name = 'events_append_only_delete'")
      .get();
    db.exec('DROP TRIGGER events_append_only_delete; DELETE FROM events WHERE position = 7');
    db.exec(String(trigger?.['sql']));
    db.close();
    const manifest = await readManifest(to);
    await rm(join(to, 'manifest.json'));
    await writeManifest(to, { ...manifest, files: [await describeFile(to, 'events.db')] });
    await expect(restore({ from: to, data })).rejects.toThrow(
      /damaged at position 8: positions 7 to 8 have a gap/,
    );
    await expect(stat(eventsFile(data))).rejects.toThrow();
  });

  it('says how many events a checkpoint in the data folder has more', async () => {
    await takeBackup();
    await mkdir(join(data, 'log'), { recursive: true });
    await writeFile(join(data, 'log', 'checkpoint'), checkpointOf(45));
    expect(await restore({ from: to, data })).toMatchObject({ missing: 5 });
  });
});
