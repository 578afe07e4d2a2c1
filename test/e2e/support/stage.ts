import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything a test started, in one temporary folder; closed in reverse order, whatever happened in between. */
export interface Stage {
  readonly folder: string;
  defer(close: () => Promise<unknown> | unknown): void;
  close(): Promise<void>;
}

export const openStage = async (): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-e2e-'));
  const closers: (() => Promise<unknown> | unknown)[] = [];
  return {
    folder,
    defer: (close) => closers.push(close),
    close: async () => {
      for (const close of closers.splice(0).reverse()) await close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
