import type { Api } from '../server/api.js';
import { apiWithToken } from '../server/api.js';
import { developmentToken } from '../server/development-token.js';
import { type Agent, connectAgent } from './agent.js';
import type { Stage } from './stage.js';

export interface Check {
  readonly name: string;
  readonly held: boolean;
  /** What was seen instead, when it did not hold. */
  readonly seen?: string;
}

/** What the chapters of the story share: the people, the telling, and the checks. */
export interface Story {
  readonly stage: Stage;
  readonly analyst: Agent;
  readonly engineer: Agent;
  /** The REST edge for approvers, asked as a demo user. */
  approvalsAs(user: string): Promise<Api>;
  /** The REST edge for examiners. */
  ledgerAs(user: string): Promise<Api>;
  tell(text: string): void;
  /** Something a person should see for themselves: bytes as they came. */
  exhibit(value: unknown): void;
  /** Tells and remembers whether it held; the story goes on so that all is seen. */
  check(name: string, held: boolean, seen?: unknown): void;
}

export interface OpenStory {
  readonly story: Story;
  readonly checks: readonly Check[];
  close(): Promise<void>;
}

const SEEN_MAX = 400;
const TOKEN_TTL_S = 900;

export const openStory = async (stage: Stage, say: (text: string) => void): Promise<OpenStory> => {
  const endpoint = `${stage.url}/mcp/core-banking`;
  const tokenOf = (user: string) => developmentToken({ server: stage.url, user, ttl_s: TOKEN_TTL_S });
  const analyst = await connectAgent('risk-copilot', endpoint, await tokenOf('risk-analyst'));
  const engineer = await connectAgent('data-fix-bot', endpoint, await tokenOf('data-engineer'));
  const checks: Check[] = [];
  const story: Story = {
    stage,
    analyst,
    engineer,
    approvalsAs: async (user) => apiWithToken(stage.approvalUrl, await tokenOf(user)),
    ledgerAs: async (user) => apiWithToken(stage.ledgerUrl, await tokenOf(user)),
    tell: say,
    exhibit: (value) => say(indented(value)),
    check: (name, held, seen) => {
      checks.push({ name, held, ...(held || seen === undefined ? {} : { seen: short(seen) }) });
      say(`  ${held ? '✓' : '✗'} ${name}${held || seen === undefined ? '' : `; seen: ${short(seen)}`}`);
    },
  };
  return {
    story,
    checks,
    close: async () => {
      await analyst.close();
      await engineer.close();
    },
  };
};

const indented = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value, null, 2))
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');

const short = (value: unknown): string => {
  const text =
    value instanceof Error
      ? value.message
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? String(value));
  return text.length > SEEN_MAX ? `${text.slice(0, SEEN_MAX)}...` : text;
};
