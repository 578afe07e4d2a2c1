import { randomUUID } from 'node:crypto';
import type { Actor } from '#core/evidence/entry.js';

/** This process, in records. */
export const INSTANCE = randomUUID();
export const POLICY_SERVICE: Actor = { kind: 'service', service: 'policy', instance: INSTANCE };
