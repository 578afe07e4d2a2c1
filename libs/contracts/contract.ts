import { z } from 'zod';
import type { ErrorCode } from '#core/errors.js';

/** Who may publish a request; NATS subject permissions are made from this (deploy/nats). */
export type Service = 'ingress' | 'policy' | 'masking' | 'approval' | 'ledger';

/**
 * One request/reply over the bus. A contract is the only place where a subject is written down. The version is part of
 * the subject, so that two versions can live side by side during an upgrade.
 */
export interface Contract<Request, Reply> {
  readonly subject: string;
  readonly answeredBy: Service;
  readonly askedBy: readonly Service[];
  /** The asker refuses with `unavailable` when no reply has come by then. At most 2,000 (promise G3). */
  readonly deadline_ms: number;
  readonly unavailable: ErrorCode;
  readonly request: z.ZodType<Request>;
  readonly reply: z.ZodType<Reply>;
}

export const DEADLINE_MS_MAX = 2_000;

export const contract = <Request, Reply>(definition: Contract<Request, Reply>): Contract<Request, Reply> => {
  if (definition.deadline_ms > DEADLINE_MS_MAX)
    throw new RangeError(`${definition.subject}: deadline over ${DEADLINE_MS_MAX} ms`);
  return definition;
};

export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');
export const digest = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
export const id = z.string().min(1).max(200);
export const instant = z.iso.datetime();
