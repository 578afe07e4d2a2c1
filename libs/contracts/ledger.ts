import { z } from 'zod';
import type { Reported } from '#core/approval/reports/reported.js';
import { bytes, contract, id } from './contract.js';

const eventToAppend = z.object({ id, type: id, entry: bytes, attachment: bytes.optional() });
const storedEvent = eventToAppend.extend({
  stream: id,
  revision: z.number().int().min(0),
  /** Store position as a decimal string: JSON and RFC 8785 have no 64-bit integers. */
  position: z.string(),
});
export type WireEvent = z.infer<typeof storedEvent>;

/** Durable once answered. `expected`: revision of the stream's last event, -1 when there must be none. */
export const ledgerAppend = contract({
  subject: 'countersign.ledger.append.v1',
  answeredBy: 'ledger',
  askedBy: ['ingress', 'approval', 'policy', 'masking', 'ledger'],
  deadline_ms: 1_500,
  unavailable: 'ledger_unavailable',
  request: z.object({
    stream: id,
    expected: z.number().int().min(-1),
    events: z.array(eventToAppend).min(1).max(500),
  }),
  reply: z.object({ stream: id, revision: z.number().int().min(0), position: z.string() }),
});

export const ledgerReadStream = contract({
  subject: 'countersign.ledger.read-stream.v1',
  answeredBy: 'ledger',
  askedBy: ['ingress', 'approval', 'policy', 'masking', 'ledger'],
  deadline_ms: 1_500,
  unavailable: 'ledger_unavailable',
  request: z.object({
    stream: id,
    /** False: without what travels beside the entries, which in the stream of a held call grows with each repetition. */
    attachments: z.boolean().optional(),
    /** Only what travels beside entries of these types. */
    attachmentsOf: z.array(id).max(8).optional(),
  }),
  reply: z.object({ events: z.array(storedEvent) }),
});

/** A page of the log after a position; waits up to `wait_ms` for something new. Services follow the log with it. */
export const ledgerReadAll = contract({
  subject: 'countersign.ledger.read-all.v1',
  answeredBy: 'ledger',
  askedBy: ['ingress', 'approval', 'policy'],
  deadline_ms: 2_000,
  unavailable: 'ledger_unavailable',
  request: z.object({
    after: z.string().optional(),
    limit: z.number().int().min(1).max(1_000),
    types: z.array(id).optional(),
    /** False: without what travels beside the entries. */
    attachments: z.boolean().optional(),
    wait_ms: z.number().int().min(0).max(1_000),
  }),
  reply: z.object({ events: z.array(storedEvent), scannedTo: z.string().optional() }),
});

/** An ingress instance says that it is alive; calls of silent instances are closed as CallOutcomeUnknown. */
export const ledgerHeartbeat = contract({
  subject: 'countersign.ledger.heartbeat.v1',
  answeredBy: 'ledger',
  askedBy: ['ingress'],
  deadline_ms: 1_000,
  unavailable: 'ledger_unavailable',
  request: z.object({ instance: id }),
  reply: z.object({}),
});

/**
 * What reports say of the approvals that were requested, or decided, in a period; from the read model of the ledger, the earliest
 * first. The first page, which names no place to go on, is made once the model holds everything recorded by then.
 */
export const ledgerReportedApprovals = contract({
  subject: 'countersign.ledger.reported-approvals.v1',
  answeredBy: 'ledger',
  askedBy: ['approval'],
  deadline_ms: 2_000,
  unavailable: 'ledger_unavailable',
  request: z.object({
    by: z.enum(['requested', 'decided']),
    from: z.string().optional(),
    to: z.string().optional(),
    after: z.object({ at: z.string(), n: z.number().int().min(1) }).optional(),
    limit: z.number().int().min(1).max(200),
  }),
  reply: z.object({
    items: z.array(z.custom<Reported>((value) => typeof value === 'object' && value !== null)),
    next: z.object({ at: z.string(), n: z.number().int().min(1) }).optional(),
  }),
});

/**
 * Where in the log a reader of approvals may begin so that it misses nothing that is not settled, and which older ones it reads
 * from their streams. Without `after` it begins at the beginning.
 */
export const ledgerUnsettledApprovals = contract({
  subject: 'countersign.ledger.unsettled-approvals.v1',
  answeredBy: 'ledger',
  askedBy: ['approval'],
  deadline_ms: 2_000,
  unavailable: 'ledger_unavailable',
  request: z.object({ since: z.string() }),
  reply: z.object({ after: z.string().optional(), approvals: z.array(id), calls: z.array(id) }),
});
