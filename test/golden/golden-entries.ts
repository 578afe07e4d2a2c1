import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tidy/source-file.js';

/** One real entry of each type and version, byte for byte as it was stored; SHA256SUMS is for `sha256sum --check`. */
export const GOLDEN = join(ROOT, 'test', 'golden', 'entries');
export const SUMS = join(GOLDEN, 'SHA256SUMS');

export const goldenNames = (): readonly string[] =>
  readdirSync(GOLDEN)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();

export const goldenBytes = (name: string): Buffer => readFileSync(join(GOLDEN, `${name}.json`));

export const sumLine = (name: string, bytes: Uint8Array): string =>
  `${createHash('sha256').update(bytes).digest('hex')}  ${name}.json`;
