import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import { type FixtureKey, makeKey, nowSeconds, sign } from '#identity/issuer.fixture.js';
import { assertCard } from './card-schema.js';

export const APP_ID = '11111111-2222-4333-8444-555555555555';
export const APP_SECRET = 'the secret of the bot';
export const TENANT = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const CHANNEL_ID = '19:approvals@thread.tacv2';
const CONNECTOR = 'https://api.botframework.com';

type Json = Readonly<Record<string, unknown>>;

export interface Message {
  readonly conversation: string;
  readonly id: string;
  /** As it was sent, and after each change. */
  readonly versions: Json[];
}

const attachment = z.strictObject({
  contentType: z.literal('application/vnd.microsoft.card.adaptive'),
  content: z.record(z.string(), z.unknown()),
});
const tenant = z.strictObject({ id: z.literal(TENANT) });
const channelData = z.strictObject({ tenant });
const message = z.union([
  z.strictObject({
    type: z.literal('message'),
    summary: z.string().min(1).max(250),
    attachments: z.array(attachment).length(1),
    id: z.string().optional(),
    channelData,
  }),
  z.strictObject({ type: z.literal('message'), text: z.string().min(1), channelData }),
]);
const start = {
  bot: z.strictObject({ id: z.literal(`28:${APP_ID}`) }),
  tenantId: z.literal(TENANT),
};
const conversation = z.union([
  z.strictObject({
    ...start,
    isGroup: z.literal(true),
    channelData: z.strictObject({ channel: z.strictObject({ id: z.literal(CHANNEL_ID) }), tenant }),
    activity: message,
  }),
  z.strictObject({
    ...start,
    isGroup: z.literal(false),
    members: z.array(z.strictObject({ id: z.uuid() })).length(1),
    channelData,
  }),
]);

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/**
 * Bot Framework as a bot meets it: keys and tokens of the connector, a token endpoint, and the Bot Connector. Strict: what the
 * published interface does not have, or a token that is not good, is refused and counted in `mistakes`.
 */
export const startBotFramework = async () => {
  const key = await makeKey('bf-1');
  const unendorsed = await makeKey('bf-2');
  const own = await makeKey('entra-1');
  const messages = new Map<string, Message>();
  const replies: { readonly conversation: string; readonly text: string }[] = [];
  const mistakes: string[] = [];
  let refusal = 0;
  let counter = 0;
  let tokens = 0;

  const checkToken = async ({ headers }: IncomingMessage): Promise<void> => {
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    const jwks = createLocalJWKSet({ keys: [own.jwk] });
    await jwtVerify(token, jwks, { audience: CONNECTOR, subject: APP_ID, algorithms: ['RS256'] });
  };
  const keep = (conversationId: string, sent: z.output<typeof message>): string => {
    const id = String(++counter);
    if ('text' in sent) {
      replies.push({ conversation: conversationId, text: sent.text });
      return id;
    }
    const content = sent.attachments[0]?.content ?? {};
    assertCard(content);
    messages.set(`${conversationId} ${id}`, { conversation: conversationId, id, versions: [content] });
    return id;
  };
  const connectorAnswer = async (method: string, path: string, text: string): Promise<Json> => {
    const [, , , conversationId, , activityId] = path.split('/').map(decodeURIComponent);
    const body: unknown = JSON.parse(text);
    if (method === 'POST' && path === '/v3/conversations') {
      const begun = conversation.parse(body);
      if (!begun.isGroup) return { id: `a:${begun.members[0]?.id.slice(0, 8)}` };
      const thread = `${CHANNEL_ID};messageid=${counter + 1}`;
      return { id: thread, activityId: keep(thread, begun.activity) };
    }
    if (method === 'POST' && /^\/v3\/conversations\/[^/]+\/activities$/.test(path))
      return { id: keep(conversationId ?? '', message.parse(body)) };
    const known = messages.get(`${conversationId} ${activityId}`);
    if (method !== 'PUT' || known === undefined) throw new Error('there is no such message');
    const changed = message.parse(body);
    if (!('attachments' in changed) || changed.id !== known.id) throw new Error('another message');
    const content = changed.attachments[0]?.content ?? {};
    assertCard(content);
    known.versions.push(content);
    return { id: known.id };
  };
  const tokenAnswer = async (text: string): Promise<Json> => {
    const form = Object.fromEntries(new URLSearchParams(text));
    z.strictObject({
      grant_type: z.literal('client_credentials'),
      client_id: z.literal(APP_ID),
      client_secret: z.literal(APP_SECRET),
      scope: z.literal(`${CONNECTOR}/.default`),
    }).parse(form);
    tokens++;
    const claims = { iss: `${url}/entra`, aud: CONNECTOR, sub: APP_ID, exp: nowSeconds() + 3_600 };
    return { token_type: 'Bearer', expires_in: 3_600, access_token: await sign(own, claims, { typ: 'JWT' }) };
  };
  const answer = async (request: IncomingMessage): Promise<Json> => {
    const { method = '', url: path = '' } = request;
    if (path === '/metadata') return { issuer: CONNECTOR, jwks_uri: `${url}/keys` };
    if (path === '/keys') {
      const endorsed = { ...key.jwk, endorsements: ['msteams', 'webchat'] };
      return { keys: [endorsed, { ...unendorsed.jwk, endorsements: ['webchat'] }] };
    }
    const text = await bodyOf(request);
    if (path === '/token') return tokenAnswer(text);
    await checkToken(request);
    return connectorAnswer(method, path, text);
  };

  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    if (refusal !== 0 && request.url?.startsWith('/v3/')) return void response.writeHead(refusal).end();
    answer(request).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: Error) => {
        mistakes.push(`${request.method} ${request.url}: ${error.message}`);
        response.writeHead(400).end();
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    serviceUrl: `${url}/`,
    ...{ key, unendorsed, messages, replies, mistakes },
    tokens: () => tokens,
    /** The Bot Connector answers so from now on; 0: as it should. */
    refuse: (status: number) => {
      refusal = status;
    },
    /** The token that comes with a message to the bot; `changes` with undefined take a claim away. */
    token: (changes: Json = {}, signer: FixtureKey = key, header: object = {}) =>
      sign(
        signer,
        {
          ...{ iss: CONNECTOR, aud: APP_ID, serviceurl: `${url}/` },
          ...{ nbf: nowSeconds() - 5, exp: nowSeconds() + 300, ...changes },
        },
        { typ: 'JWT', ...header },
      ),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};
export type BotFramework = Awaited<ReturnType<typeof startBotFramework>>;

export interface Pressed {
  readonly verb: string;
  readonly data: Json;
  readonly by: string;
}

/** What Teams makes of a button that somebody presses. */
export const invokeOf = ({ verb, data, by }: Pressed, serviceUrl: string): Json => ({
  type: 'invoke',
  name: 'adaptiveCard/action',
  id: 'f:1',
  channelId: 'msteams',
  serviceUrl,
  from: { id: `29:${by}`, name: 'Somebody', aadObjectId: by },
  recipient: { id: `28:${APP_ID}` },
  conversation: { id: CHANNEL_ID, tenantId: TENANT, conversationType: 'channel', isGroup: true },
  channelData: { tenant: { id: TENANT } },
  value: { action: { type: 'Action.Execute', title: verb, verb, data }, trigger: 'manual' },
});

/** The data of a button of a card, as the client sends it. @throws Error when the card has none */
export const buttonOf = (card: Json, verb: string): Json => {
  const actions = card['actions'] as readonly { readonly verb?: string; readonly data?: Json }[];
  const found = actions.find((action) => action.verb === verb);
  if (found === undefined) throw new Error(`the card has no button ${verb}`);
  return found.data ?? {};
};
