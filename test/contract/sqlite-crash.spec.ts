import { afterEach, describe, expect, it } from 'vitest';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { eventOf, newStream } from './event-store.samples.js';
import { temporaryFolder } from './sqlite.fixture.js';
import { type AppenderProcess, startAppender } from './sqlite-process.js';

const KILLS = 10;

let process_: AppenderProcess | undefined;
const folders: { remove(): void }[] = [];
const newFile = (): string => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder.file;
};

afterEach(async () => {
  await process_?.kill();
  for (const folder of folders.splice(0)) folder.remove();
});

describe('SQLite event store and the death of its process', () => {
  it(`loses no acknowledged event over ${KILLS} kills during appends`, async () => {
    const file = newFile();
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      process_ = startAppender(file);
      await process_.untilLines(20 + 17 * kill);
      await process_.kill();
      expect(process_.errors()).toBe('');
      acknowledged.push(...process_.lines().filter((line) => line !== 'open'));
    }
    const store = await openSqliteEventStore({ file });
    try {
      for (const line of acknowledged) {
        const [stream = '', position, entries] = line.split(' ');
        const stored = await store.readStream(stream);
        expect(stored.map(({ entry }) => Buffer.from(entry).toString()).join(',')).toBe(entries);
        expect(String(stored.at(-1)?.position)).toBe(position);
      }
    } finally {
      await store.close();
    }
    expect(acknowledged.length).toBeGreaterThan(20 * KILLS);
  });

  it('refuses a second process while the first lives, and admits it once the first was killed', async () => {
    const file = newFile();
    process_ = startAppender(file);
    await process_.untilLines(5);
    await expect(openSqliteEventStore({ file })).rejects.toThrow(/another process is writing/);
    const second = startAppender(file);
    expect(await second.exited).toBe(1);
    expect(second.errors()).toContain('another process is writing');
    await process_.kill();
    const store = await openSqliteEventStore({ file });
    await store.append(newStream(), -1, [eventOf('Admitted')]);
    await store.close();
  });
});
