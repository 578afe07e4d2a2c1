import type { JsonObject } from '#core/evidence/canonical-json.js';
import { TASKS_EXTENSION } from '#mcp/meta.js';
import type { LegacyRevision, ModernRevision } from '#mcp/revisions.js';
import type { Session, SessionCapability } from '#mcp/session.js';
import type { LogLevel } from '../log-levels.js';

/** The client of one request, as it describes itself: by its session (legacy) or in the request (modern). */
export type Client = LegacyClient | ModernClient;

interface Described {
  /** Never a ground for a decision. */
  readonly info: { readonly name: string; readonly version: string } | null;
  readonly capabilities: ReadonlySet<SessionCapability>;
  /** The least severe log message it wants; undefined: all in the legacy era, none in the modern one. */
  readonly logLevel: LogLevel | undefined;
}

export interface LegacyClient extends Described {
  readonly era: 'legacy';
  readonly revision: LegacyRevision;
  /** Undefined for a client that goes without sessions. */
  readonly session: Session | undefined;
}

export interface ModernClient extends Described {
  readonly era: 'modern';
  readonly revision: ModernRevision;
}

/**
 * What an upstream of the modern era is told of the client behind a request: only questions that the gateway can carry,
 * so never extensions it does not know. A legacy client says in each call whether it follows tasks (`asTask`).
 */
export const forwardedCapabilities = ({ capabilities, era }: Client, asTask: boolean): JsonObject => ({
  ...(capabilities.has('elicitation') || capabilities.has('elicitation_url')
    ? {
        elicitation: {
          ...(capabilities.has('elicitation') ? { form: {} } : {}),
          ...(capabilities.has('elicitation_url') ? { url: {} } : {}),
        },
      }
    : {}),
  ...(capabilities.has('sampling') ? { sampling: {} } : {}),
  ...(capabilities.has('roots') ? { roots: {} } : {}),
  ...((era === 'modern' ? capabilities.has('tasks') : asTask)
    ? { extensions: { [TASKS_EXTENSION]: {} } }
    : {}),
});

/** Whether the client declared that it takes this question (MCP client: elicitation, sampling, roots). */
export const canBeAsked = ({ capabilities }: Client, method: string, { mode }: JsonObject): boolean => {
  switch (method) {
    case 'elicitation/create':
      return capabilities.has(mode === 'url' ? 'elicitation_url' : 'elicitation');
    case 'sampling/createMessage':
      return capabilities.has('sampling');
    case 'roots/list':
      return capabilities.has('roots');
    default:
      return false;
  }
};

/** What a client would have to declare for a question, as `ClientCapabilities` has it. */
export const capabilityFor = (method: string, { mode }: JsonObject): JsonObject => {
  switch (method) {
    case 'elicitation/create':
      return { elicitation: mode === 'url' ? { url: {} } : { form: {} } };
    case 'sampling/createMessage':
      return { sampling: {} };
    case 'roots/list':
      return { roots: {} };
    default:
      return {};
  }
};
