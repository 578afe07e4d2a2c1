import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isAlive } from './is-alive.fixture.js';

describe('when the launcher is killed', () => {
  it('everything it watched ends, even what ignores SIGTERM, and its folder goes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-guard-'));
    const launcher = spawn(
      process.execPath,
      [fileURLToPath(new URL('./guard.fixture.js', import.meta.url)), folder],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const line = await new Promise<string>((resolve) =>
      createInterface({ input: launcher.stdout }).once('line', resolve),
    );
    const { polite, stubborn, forgotten } = JSON.parse(line) as {
      polite: number;
      stubborn: number;
      forgotten: number;
    };
    try {
      launcher.kill('SIGKILL');
      await expect.poll(() => isAlive(polite)).toBe(false);
      await expect.poll(() => isAlive(stubborn)).toBe(false);
      await expect.poll(() => existsSync(folder)).toBe(false);
      expect(isAlive(forgotten)).toBe(true);
    } finally {
      process.kill(forgotten, 'SIGKILL');
    }
  });
});
