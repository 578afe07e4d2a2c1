import { hash } from 'node:crypto';
import type { Digest } from '#core/hash.js';

export const sha256 = (bytes: Uint8Array | string): Digest => `sha256:${hash('sha256', bytes, 'hex')}`;
