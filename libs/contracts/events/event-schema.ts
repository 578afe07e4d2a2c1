import { z } from 'zod';
import type { Actor, DomainEvent, PayloadCommitment } from '#core/evidence/entry.js';
import { count, digest, instant, name, text } from './fields.js';

/**
 * What travels beside an entry in the same append. `sealed`: encrypted for the masking service, so `kid` names a key;
 * `plain`: holds nothing personal, and `commit` is its SHA-256.
 */
export type PayloadKind = 'sealed' | 'plain' | 'sealed or none' | 'none';

type PayloadOf<Event> = Event extends { readonly payload: PayloadCommitment }
  ? 'sealed' | 'plain'
  : Event extends { readonly payload?: PayloadCommitment }
    ? 'sealed or none'
    : 'none';

interface TypedEvent {
  readonly type: string;
  readonly v: number;
  readonly data: object;
}

/** Fails to compile when a member of the event is missing, unknown, or allowed more values than its type has. */
type Fields<Data> = { readonly [Key in keyof Data]-?: z.ZodType<Data[Key]> };

export interface EventSchema {
  readonly type: string;
  readonly v: number;
  /** What the event says, in a sentence. */
  readonly about: string;
  /** The streams it stands in are named `<stream>-<id>`. */
  readonly stream: string;
  readonly payload: PayloadKind;
  readonly data: z.ZodType;
}

export const eventSchema = <Event extends TypedEvent>(definition: {
  readonly type: Event['type'];
  readonly v: Event['v'];
  readonly about: string;
  readonly stream: string;
  readonly payload: 'payload' extends keyof Event ? PayloadOf<Event> : 'none';
  readonly data: Fields<Event['data']>;
}): EventSchema => ({
  ...definition,
  data: z.strictObject(definition.data as { [key: string]: z.ZodType }),
});

const actor: z.ZodType<Actor> = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('caller').describe('A person or agent, by the verified access token.'),
      principal: name('Name of the caller in the configured claim.'),
      issuer: name('The issuer of the token.'),
      subject: name('The subject of the token: with the issuer it names one person or machine for ever.'),
      client: text('The OAuth client that the token was issued to.'),
    }),
    z.strictObject({
      kind: z.literal('service').describe('A part of the gateway.'),
      service: name('Which part.'),
      instance: name('Which of its processes.'),
    }),
  ])
  .describe('Who caused the event.');

const commitment = {
  commit: digest('Commitment to the payload.'),
  bytes: count('Length of the payload in bytes.'),
};
const sealed = z.strictObject({
  ...commitment,
  commit: digest('Salted commitment to the opened payload: it tells nothing about short values.'),
  kid: name('The key that seals the payload.'),
});
const plain = z.strictObject({ ...commitment, commit: digest('Of the payload itself.') });

const payloads: { readonly [Kind in PayloadKind]: { readonly payload?: z.ZodType } } = {
  sealed: { payload: sealed.describe('The payload beside this entry, sealed.') },
  plain: { payload: plain.describe('The payload beside this entry, in clear.') },
  'sealed or none': { payload: sealed.optional().describe('The payload beside this entry, sealed.') },
  none: {},
};

/** The schema of a whole entry: what an event of this type and version is stored as. */
export const entrySchema = ({ type, v, stream, payload, data }: EventSchema): z.ZodType<DomainEvent> =>
  z.strictObject({
    actor,
    causation: name('Id of the event or request that led to this one.'),
    correlation: name('The call, or other unit of work, that this belongs to.'),
    data: data.describe('What happened.'),
    id: z.uuid().describe('Of this event; unique.'),
    ...payloads[payload],
    revision: count('Place of the event in its stream, from 0.'),
    stream: z
      .string()
      .regex(new RegExp(`^${stream}-[A-Za-z0-9._:-]{1,150}$`))
      .describe('The history this event belongs to.'),
    time: instant('When the writer made the entry.'),
    type: z.literal(type).describe('What kind of event this is.'),
    v: z.literal(v).describe('Version of the kind: what data means.'),
  }) as unknown as z.ZodType<DomainEvent>;

/** The same as JSON Schema 2020-12, complete in itself: no other file and no network is needed to use it. */
export const entryJsonSchema = (schema: EventSchema): { readonly [key: string]: unknown } => {
  const { $schema, ...rest } = z.toJSONSchema(entrySchema(schema), { target: 'draft-2020-12' });
  return {
    $schema,
    $id: `urn:countersign:event:${schema.type}:v${schema.v}`,
    title: `${schema.type}, version ${schema.v}`,
    description: schema.about,
    ...rest,
  };
};
