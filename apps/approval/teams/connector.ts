import { z } from 'zod';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { OutboundFetch } from '#outbound/guarded-fetch.js';
import { DeliveryError } from '../notify/channel.js';
import { refusedBy, unreachable } from '../notify/http-failure.js';

/** A token is asked for anew so long before it ends. */
const TOKEN_RESERVE_MS = 60_000;
const AGAIN: readonly number[] = [401, 408, 412, 425, 429];

export interface ConnectorOptions {
  readonly app_id: string;
  readonly app_secret: string;
  readonly tenant: string;
  readonly service_url: string;
  readonly token_url: string;
  readonly scope: string;
  readonly fetch: OutboundFetch;
}

/** A message that was sent; opaque ids of Teams. */
export interface SentMessage {
  readonly conversation: string;
  readonly activity: string;
}

/** The Bot Connector as we use it. All throw DeliveryError. */
export interface Connector {
  /** Begins a thread in a channel with this message. */
  startThread(channel: string, message: JsonObject, signal: AbortSignal): Promise<SentMessage>;
  /** Writes to a person, in the one chat that they have with the bot. */
  writeTo(person: string, message: JsonObject, signal: AbortSignal): Promise<SentMessage>;
  reply(to: SentMessage, message: JsonObject, signal: AbortSignal): Promise<void>;
  update(sent: SentMessage, message: JsonObject, signal: AbortSignal): Promise<void>;
}

const tokenAnswer = z.object({
  access_token: z.string().regex(/^[\w.~+/=-]+$/),
  expires_in: z.coerce.number().positive(),
});
const id = z.string().min(1).max(500);
const threadAnswer = z.object({ id, activityId: id });
const idAnswer = z.object({ id });

export const connector = (options: ConnectorOptions): Connector => {
  const { app_id, tenant, service_url, fetch } = options;
  const tokens = tokenSource(options);
  const base = service_url.replace(/\/+$/, '');

  const send = async (
    method: string,
    path: string,
    body: JsonObject,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const authorization = `Bearer ${await tokens.current(signal)}`;
    const answer = await fetch(`${base}/v3/conversations${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    }).catch((error: unknown) => {
      throw unreachable(error);
    });
    if (answer.status === 401) tokens.forget();
    if (!answer.ok) throw refusedBy(answer, answer.status < 500 && !AGAIN.includes(answer.status));
    return answer.json().catch(() => undefined);
  };
  const start = { bot: { id: `28:${app_id}` }, tenantId: tenant };
  /** Without the tenant the connector refuses messages that answer nothing. */
  const ofTenant = (message: JsonObject): JsonObject => ({
    ...message,
    channelData: { tenant: { id: tenant } },
  });

  return {
    startThread: async (channel, message, signal) => {
      const channelData = { channel: { id: channel }, tenant: { id: tenant } };
      const body = { ...start, isGroup: true, channelData, activity: ofTenant(message) };
      const made = answered(threadAnswer, await send('POST', '', body, signal));
      return { conversation: made.id, activity: made.activityId };
    },
    writeTo: async (person, message, signal) => {
      const channelData = { tenant: { id: tenant } };
      const body = { ...start, isGroup: false, members: [{ id: person }], channelData };
      const { id: conversation } = answered(idAnswer, await send('POST', '', body, signal));
      const path = `/${encodeURIComponent(conversation)}/activities`;
      const sent = answered(idAnswer, await send('POST', path, ofTenant(message), signal));
      return { conversation, activity: sent.id };
    },
    reply: async ({ conversation }, message, signal) => {
      await send('POST', `/${encodeURIComponent(conversation)}/activities`, ofTenant(message), signal);
    },
    update: async ({ conversation, activity: sent }, message, signal) => {
      const path = `/${encodeURIComponent(conversation)}/activities/${encodeURIComponent(sent)}`;
      await send('PUT', path, { ...ofTenant(message), id: sent }, signal);
    },
  };
};

/** The bot's own token (OAuth 2.0 client credentials), kept until shortly before it ends. */
const tokenSource = ({ app_id, app_secret, token_url, scope, fetch }: ConnectorOptions) => {
  let known: { readonly token: string; readonly until_ms: number } | undefined;
  const ask = async (signal: AbortSignal): Promise<string> => {
    const form = { grant_type: 'client_credentials', client_id: app_id, client_secret: app_secret, scope };
    const answer = await fetch(token_url, { method: 'POST', body: new URLSearchParams(form), signal }).catch(
      (error: unknown) => {
        throw unreachable(error);
      },
    );
    // A secret that has run out is replaced by the operator: tried again.
    if (!answer.ok) throw new DeliveryError(`token_http_${answer.status}`);
    const { access_token, expires_in } = answered(tokenAnswer, await answer.json().catch(() => undefined));
    known = { token: access_token, until_ms: Date.now() + expires_in * 1_000 - TOKEN_RESERVE_MS };
    return access_token;
  };
  return {
    current: async (signal: AbortSignal) =>
      known !== undefined && known.until_ms > Date.now() ? known.token : ask(signal),
    forget: () => {
      known = undefined;
    },
  };
};

const answered = <Answer>(schema: z.ZodType<Answer>, answer: unknown): Answer => {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new DeliveryError('answer_unreadable');
  return parsed.data;
};
