import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteEventStore } from '#event-store/sqlite/open-sqlite-event-store.js';
import { eventOf, ids, newStream } from './event-store.samples.js';
import { temporaryFolder } from './sqlite.fixture.js';

const DISK = '6m';
const folder = temporaryFolder();
const disk = join(dirname(folder.file), 'disk');

/** A small disk of its own; only root may mount one, and not in every container. */
const mounted = ((): boolean => {
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

afterAll(() => {
  if (mounted) execFileSync('umount', [disk]);
  folder.remove();
});

describe.skipIf(!mounted)(
  `a real disk of ${DISK}${mounted ? '' : ' (skipped: no right to mount one)'}`,
  () => {
    it('that fills up: StoreFull, nothing half written, and appends again when there is room', async () => {
      const file = join(disk, 'events.db');
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(3 * 1024 * 1024));
      const store = await openSqliteEventStore({ file });
      const stored: string[] = [];
      const stream = newStream();
      const next = (): ReturnType<typeof eventOf> => ({
        ...eventOf('Stored'),
        attachment: Buffer.alloc(100_000),
      });
      let refused: unknown;
      while (refused === undefined) {
        const event = next();
        await store.append(stream, stored.length - 1, [event]).then(
          () => stored.push(event.id),
          (error: unknown) => {
            refused = error;
          },
        );
      }
      expect(refused).toMatchObject({ name: 'StoreFull' });
      expect(stored.length).toBeGreaterThan(3);
      await expect(store.ping()).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect(ids(await store.readStream(stream))).toEqual(stored);
      rmSync(ballast);
      const event = next();
      await store.append(stream, stored.length - 1, [event]);
      expect(ids(await store.readStream(stream))).toEqual([...stored, event.id]);
      await store.close();
      const again = await openSqliteEventStore({ file });
      expect(ids(await again.readStream(stream))).toEqual([...stored, event.id]);
      await again.close();
    });
  },
);
