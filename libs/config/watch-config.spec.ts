import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ConfigWatch, watchConfig } from './watch-config.js';

let folder: string;
let file: string;
let watch: ConfigWatch;
let levels: string[];
let problems: string[];

const write = (settings: object | string): void => {
  const text =
    typeof settings === 'string'
      ? settings
      : JSON.stringify({ mode: 'development', policy_file: 'p', ...settings });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
};
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-watch-'));
  file = join(folder, 'countersign.yaml');
  write({});
  levels = [];
  problems = [];
  watch = watchConfig({ file });
  watch.onChange(({ log_level }) => levels.push(log_level));
  watch.onInvalid(({ message }) => problems.push(message));
});
afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true });
});

it('tells of a changed file, and of an invalid one what is wrong with it', async () => {
  write({ log_level: 'warn' });
  await until(() => expect(levels).toEqual(['warn']));
  write({ log_level: 'loud' });
  await until(() => expect(problems).toEqual([expect.stringContaining('log_level')]));
  write({ log_level: 'error' });
  await until(() => expect(levels).toEqual(['warn', 'error']));
});

it('reads the file on SIGHUP, changed or not', () => {
  process.emit('SIGHUP', 'SIGHUP');
  expect(levels).toEqual(['info']);
});

it('takes a file that is being written only once it is whole', async () => {
  const whole = JSON.stringify({ mode: 'development', policy_file: 'p', log_level: 'debug' });
  for (let length = 10; length < whole.length; length += 10) {
    writeFileSync(file, whole.slice(0, length));
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  writeFileSync(file, whole);
  await until(() => expect(levels).toEqual(['debug']));
  expect(problems).toEqual([]);
});

it('says nothing after it was closed', async () => {
  watch.close();
  write({ log_level: 'warn' });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  process.emit('SIGHUP', 'SIGHUP');
  expect(levels).toEqual([]);
});
