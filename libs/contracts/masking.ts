import { z } from 'zod';
import type { Finding } from '#core/masking/finding.js';
import type { MaskingProfile } from '#core/policy/policy.types.js';
import { bytes, contract, digest, id } from './contract.js';

const profile = z.custom<MaskingProfile>(
  (value) => typeof value === 'object' && value !== null && 'rules' in value,
);
const findings = z.array(
  z.custom<Finding>((value) => typeof value === 'object' && value !== null && 'pointer' in value),
);
const surface = z.enum(['result', 'error', 'arguments']);

/** Profile null: policy asks for no masking; the body is still parsed and must be scannable. */
export const maskingMask = contract({
  subject: 'countersign.masking.mask.v1',
  answeredBy: 'masking',
  askedBy: ['ingress'],
  deadline_ms: 1_500,
  unavailable: 'masking_unavailable',
  request: z.object({ body: bytes, surface, profile: profile.nullable() }),
  reply: z.object({ masked: bytes, findings, blocked: z.boolean(), engine: z.string() }),
});

/** The public key to seal with; the private half never leaves the masking service. */
export const maskingSealingKey = contract({
  subject: 'countersign.masking.sealing-key.v1',
  answeredBy: 'masking',
  askedBy: ['ingress', 'approval'],
  deadline_ms: 1_000,
  unavailable: 'masking_unavailable',
  request: z.object({}),
  reply: z.object({ kid: z.string(), publicKey: z.record(z.string(), z.string()) }),
});

/**
 * Opens a sealed payload after checking it against the commitment in its entry. Never used for original results. The salt
 * comes with it for evidence packs only: with it a reader can check the commitment.
 */
export const maskingOpen = contract({
  subject: 'countersign.masking.open.v1',
  answeredBy: 'masking',
  askedBy: ['approval', 'ledger'],
  deadline_ms: 1_500,
  unavailable: 'masking_unavailable',
  request: z.object({
    sealed: bytes,
    commit: digest,
    purpose: z.enum(['approval', 'transcript', 'evidence']),
  }),
  reply: z.object({ bytes, salt: bytes.optional() }),
});

/**
 * Opens the recorded params of a held call, so that its requester can take it up again on any replica. Masking reads the ledger
 * itself and opens them only while the call waits and its approval is granted, or while the call waits for input.
 */
export const maskingResume = contract({
  subject: 'countersign.masking.resume.v1',
  answeredBy: 'masking',
  askedBy: ['ingress'],
  deadline_ms: 2_000,
  unavailable: 'masking_unavailable',
  request: z.object({ callId: id }),
  reply: z.object({ params: bytes }),
});

/** Opens the payload of a call's `ResultMasked`, never its original. Only behind the outcome on record. */
export const maskingReleased = contract({
  subject: 'countersign.masking.released.v1',
  answeredBy: 'masking',
  askedBy: ['ingress'],
  deadline_ms: 2_000,
  unavailable: 'masking_unavailable',
  request: z.object({ callId: id }),
  reply: z.object({ kind: z.enum(['result', 'error']), payload: bytes }),
});

const sealedRef = z.object({ sealed: bytes, commit: digest });

/** One recorded payload to open, or one recorded masking to run again. */
const replayItem = z.discriminatedUnion('do', [
  z.object({ do: z.literal('open'), payload: sealedRef }),
  z.object({
    do: z.literal('mask'),
    original: sealedRef,
    /** Null: nothing is recorded of the masked bytes; only what is counted is compared. */
    masked: sealedRef.nullable(),
    surface,
    profile: profile.nullable(),
    engine: z.string(),
  }),
]);
export type ReplayItem = z.infer<typeof replayItem>;

const replayedItem = z.discriminatedUnion('verdict', [
  z.object({ verdict: z.literal('opened'), bytes }),
  z.object({
    verdict: z.literal('masked'),
    identical: z.boolean(),
    blocked: z.boolean(),
    counts: z.record(z.string(), z.number()),
  }),
  /** The key is not held: lost, or destroyed to erase the payload. */
  z.object({ verdict: z.literal('erased'), kid: z.string() }),
  /** The sealed bytes are not what the entry commits to, or the original cannot be masked. Never says what they hold. */
  z.object({ verdict: z.literal('broken'), why: z.string() }),
  z.object({ verdict: z.literal('unknown_engine') }),
]);
export type ReplayedItem = z.infer<typeof replayedItem>;

export const REPLAY_ITEMS_MAX = 64;

/**
 * Opens recorded params, and masks sealed originals again to compare with the recorded bytes; of originals and masked
 * bytes nothing leaves the masking service. Answers in the order of the items.
 */
export const maskingReplay = contract({
  subject: 'countersign.masking.replay.v2',
  answeredBy: 'masking',
  askedBy: ['ledger'],
  deadline_ms: 2_000,
  unavailable: 'masking_unavailable',
  request: z.object({ items: z.array(replayItem).min(1).max(REPLAY_ITEMS_MAX) }),
  reply: z.object({ items: z.array(replayedItem) }),
});

/**
 * Opens a sealed original for an examiner. Masking reads the disclosure's stream itself and opens only what another person
 * has approved, while its time box is open and after the opening is on record. The salt lets the reader check the entry's
 * commitment.
 */
export const maskingDisclose = contract({
  subject: 'countersign.masking.disclose.v1',
  answeredBy: 'masking',
  askedBy: ['ledger'],
  deadline_ms: 2_000,
  unavailable: 'masking_unavailable',
  request: z.object({ disclosureId: z.string().max(100), sealed: bytes, commit: digest }),
  reply: z.object({ salt: bytes, bytes }),
});

/** Tokens of a blind index are the first bytes of an HMAC-SHA256. */
export const INDEX_TOKEN_BYTES = 8;
/** Further payloads are for the next request: masking has other work, and a deadline. */
export const INDEX_BATCH_BYTES_MAX = 1024 * 1024;

/**
 * Opens sealed payloads, original results too, and answers with nothing but keyed tokens of the values they hold
 * (libs/core/search): never the values. `key` names the index key; tokens of different keys have nothing in common.
 */
export const maskingIndex = contract({
  subject: 'countersign.masking.index.v1',
  answeredBy: 'masking',
  askedBy: ['ledger'],
  deadline_ms: 2_000,
  unavailable: 'masking_unavailable',
  request: z.object({ payloads: z.array(z.object({ sealed: bytes, commit: digest })).max(64) }),
  reply: z.object({
    key: z.string(),
    /** In the order asked; null: cannot be opened, because its key is gone or the bytes are not what was committed to. */
    payloads: z.array(z.object({ tokens: bytes, truncated: z.boolean() }).nullable()),
  }),
});

/** The tokens a value is found under: any of them; none when such a value is never indexed. Without a field, in any field. */
export const maskingIndexQuery = contract({
  subject: 'countersign.masking.index-query.v1',
  answeredBy: 'masking',
  askedBy: ['ledger'],
  deadline_ms: 1_000,
  unavailable: 'masking_unavailable',
  request: z.object({ value: z.string().max(512), field: z.string().max(256).optional() }),
  reply: z.object({ key: z.string(), tokens: z.array(bytes) }),
});
