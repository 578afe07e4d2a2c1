import { type IncomingMessage, request } from 'node:http';
import { META } from '#mcp/meta.js';
import { startEverything } from '../../conformance/everything/everything-server.js';
import { rawPost, rpc } from '../support/raw.js';
import type { Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';

const QUESTIONS = ['elicitation/create', 'sampling/createMessage', 'roots/list'];

/** Engineers may use some of two servers, `old` of the legacy and `new` of the modern era; risk analysts nearly nothing. */
const POLICY = `policy: 1
name: both-eras
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  risk-analyst: { groups: [BANK-RISK-ANALYST] }
  manager: { groups: [BANK-DATA-MGR] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  use:
    kind: read
    tools:
      - old/test_simple_text
      - new/test_simple_text
      - old/test_elicitation
      - old/test_tool_with_progress
      - old/test_sampling
      - old/test_trigger_resource_update
      - new/test_trigger_resource_update
    prompts: [old/test_simple_prompt, new/test_simple_prompt]
    resources:
      - old/test://static-text
      - old/test://template/*
      - old/test://watched-resource
      - old/test://named
      - new/test://watched-resource
  ask: { kind: read, methods: [old/elicitation/create, new/elicitation/create] }
  risky: { kind: write, tools: [new/test_input_required_result_elicitation, new/test_elicitation] }
  look: { kind: read, prompts: [old/test_prompt_with_image] }
rules:
  - { id: E-1, says: Engineers use the servers., roles: [data-engineer], allow: [use, ask], mask: pii }
  - id: E-2
    says: Asking for a name needs a manager.
    roles: [data-engineer]
    allow: [risky]
    approval: { by: [manager], count: 1, expires: 5m }
    mask: pii
  - { id: A-1, says: Analysts look at one prompt., roles: [risk-analyst], allow: [look], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, EMAIL], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
`;

export const startEras = async (stage: Stage): Promise<PrivateSystem> => {
  const [old, modern] = await Promise.all([startEverything('legacy'), startEverything('modern')]);
  stage.defer(old.close);
  stage.defer(modern.close);
  const upstream = (name: string, url: string) => ({
    name,
    transport: 'http',
    url,
    server_requests: QUESTIONS,
  });
  return startPrivate(stage, {
    policy: POLICY,
    upstreams: [upstream('old', old.url), upstream('new', modern.url)],
    settings: { approvals: { hold_ms: 20_000, progress_ms: 1_000 } },
  });
};

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly data?: { readonly code?: string } };
}

const ACCEPT = { accept: 'application/json, text/event-stream' };

/** The bearer token of one user for one endpoint. */
const bearer = async ({ issuer }: PrivateSystem, user: string) => ({
  authorization: `Bearer ${await issuer.token(user)}`,
});

/** A client of the modern era, by hand: one POST for each request. */
export const modernClient = async (system: PrivateSystem, user: string, endpoint: string) => {
  const url = `${system.urls.ingress}/${endpoint}`;
  const token = await bearer(system, user);
  const post = (method: string, params: Record<string, unknown>, capabilities: object) => {
    const name = params['name'] ?? params['uri'] ?? params['taskId'];
    const headers = {
      ...token,
      ...ACCEPT,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && method !== 'completion/complete' ? { 'mcp-name': name } : {}),
    };
    const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: capabilities };
    return { headers, body: rpc(method, { ...params, _meta }) };
  };
  return {
    call: async (
      method: string,
      params: Record<string, unknown> = {},
      capabilities: object = {},
    ): Promise<Message & { status: number }> => {
      const { headers, body } = post(method, params, capabilities);
      const answer = await rawPost(url, body, headers);
      return { status: answer.status, ...lastMessage(answer.text) };
    },
    /** Leaves the response open: gives the messages of its stream so far, and a way to cut it. */
    open: async (method: string, params: Record<string, unknown> = {}, capabilities: object = {}) => {
      const { headers, body } = post(method, params, capabilities);
      return openStream(url, 'POST', { ...headers, 'content-type': 'application/json' }, body);
    },
  };
};

/** A client with a legacy session, by hand. */
export const legacyClient = async (
  system: PrivateSystem,
  user: string,
  endpoint: string,
  capabilities: object = {},
) => {
  const url = `${system.urls.ingress}/${endpoint}`;
  const token = await bearer(system, user);
  const hello = {
    protocolVersion: '2025-11-25',
    capabilities,
    clientInfo: { name: 'by-hand', version: '1' },
  };
  const opened = await rawPost(url, rpc('initialize', hello), token);
  const headers = {
    ...token,
    ...ACCEPT,
    'mcp-session-id': String(opened.headers['mcp-session-id']),
    'mcp-protocol-version': '2025-11-25',
  };
  const json = { ...headers, 'content-type': 'application/json' };
  return {
    hello: lastMessage(opened.text),
    call: async (method: string, params: object = {}): Promise<Message & { status: number }> => {
      const answer = await rawPost(url, rpc(method, params), headers);
      return { status: answer.status, ...lastMessage(answer.text) };
    },
    send: (message: object) => rawPost(url, JSON.stringify({ jsonrpc: '2.0', ...message }), headers),
    open: (method: string, params: object = {}) => openStream(url, 'POST', json, rpc(method, params)),
    listen: (lastEventId?: string) =>
      openStream(url, 'GET', {
        ...headers,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      }),
    end: () => openStream(url, 'DELETE', headers),
  };
};

export interface OpenStream {
  readonly status: number;
  messages(): readonly Message[];
  /** Of the last event that had one. */
  lastEventId(): string | undefined;
  /** Fulfils with the first message that fits; rejects when the stream ends without one. */
  next(fits: (message: Message) => boolean): Promise<Message>;
  cut(): void;
}

const openStream = (
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string,
): Promise<OpenStream> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) =>
      resolve(streamOf(response, () => sent.destroy())),
    );
    sent.once('error', reject);
    sent.end(body);
  });

const streamOf = (response: IncomingMessage, cut: () => void): OpenStream => {
  let text = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  response.once('close', () => {
    ended = true;
    wake();
  });
  response.on('error', () => undefined);
  const messages = (): readonly Message[] => messagesIn(text);
  return {
    status: response.statusCode ?? 0,
    messages,
    lastEventId: () => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1],
    next: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = messages().find(fits);
          if (found === undefined && !ended) return;
          waiting.delete(look);
          if (found === undefined) reject(new Error(`the stream ended: ${text.slice(-500)}`));
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
    cut,
  };
};

/** Complete events only: one that is still coming in has no blank line behind it. */
const messagesIn = (text: string): readonly Message[] => {
  if (text.startsWith('{')) return [JSON.parse(text) as Message];
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((event) => {
      const data = event.split('\n').find((line) => line.startsWith('data: '));
      return data === undefined || data === 'data: ' ? [] : [JSON.parse(data.slice(6)) as Message];
    });
};

const lastMessage = (text: string): Message => {
  if (text === '') return {};
  return messagesIn(text.startsWith('{') ? text : `${text}\n\n`).at(-1) ?? {};
};
