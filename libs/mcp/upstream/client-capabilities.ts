import type { JsonObject } from '#core/evidence/canonical-json.js';

/** Questions that a server may put to its client. */
export const SERVER_REQUEST_METHODS = ['elicitation/create', 'sampling/createMessage', 'roots/list'] as const;
export type ServerRequestMethod = (typeof SERVER_REQUEST_METHODS)[number];

const CAPABILITIES: Readonly<Record<ServerRequestMethod, JsonObject>> = {
  'elicitation/create': { elicitation: { form: {}, url: {} } },
  'sampling/createMessage': { sampling: {} },
  'roots/list': { roots: {} },
};

/** The client capabilities that stand for these questions (MCP 2025-11-25 schema, ClientCapabilities). */
export const clientCapabilities = (methods: readonly ServerRequestMethod[]): JsonObject =>
  Object.assign({}, ...methods.map((method) => CAPABILITIES[method]));
