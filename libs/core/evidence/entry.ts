import { canonicalJson, type JsonObject } from './canonical-json.js';

/** What an entry says about bytes that travel beside it. `commit` is salted, so it tells nothing about short values. */
export interface PayloadCommitment {
  readonly commit: `sha256:${string}`;
  readonly bytes: number;
  /** Key that seals the payload; absent for payloads that hold nothing personal (policy text), whose commit is their plain SHA-256. */
  readonly kid?: string;
}

/** Who caused the event: a person or agent by their token, or a part of the gateway itself. */
export type Actor =
  | {
      readonly kind: 'caller';
      readonly principal: string;
      readonly issuer: string;
      readonly subject: string;
      readonly client: string;
    }
  | { readonly kind: 'service'; readonly service: string; readonly instance: string };

export interface DomainEvent {
  readonly type: string;
  readonly v: number;
  readonly data: JsonObject;
  readonly payload?: PayloadCommitment;
}

export interface EntryContext {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly actor: Actor;
  /** The call (or other unit of work) this belongs to. */
  readonly correlation: string;
  /** Id of the event or request that led to this one. */
  readonly causation: string;
}

/** One entry of the ledger as anybody reads it back. */
export interface Entry extends DomainEvent, EntryContext {}

/**
 * RFC 8785 text of an entry: made once here, then stored and hashed as bytes and never serialised again.
 * @throws TypeError when `data` holds something JSON cannot say exactly (a non-finite number, a lone surrogate).
 */
export const entryText = (event: DomainEvent, context: EntryContext): string => {
  const { actor, causation, correlation, id, revision, stream, time } = context;
  const { data, payload, type, v } = event;
  // Members stand in canonical order already, which spares canonicalJson the sorting.
  const entry =
    payload === undefined
      ? { actor, causation, correlation, data, id, revision, stream, time, type, v }
      : { actor, causation, correlation, data, id, payload, revision, stream, time, type, v };
  return canonicalJson(entry as unknown as JsonObject);
};
