import type { Connection } from '../support/agents.js';

/** What a client makes of a call, as its user or its model gets to see it. */
export interface Outcome {
  readonly isError: boolean;
  readonly text: string;
}

/** A client of others that is connected to the gateway. What a client cannot do is not there. */
export interface ConnectedClient {
  tools(): Promise<readonly string[]>;
  call(tool: string, input: Record<string, unknown>): Promise<Outcome>;
  /** Answers the progress messages that arrived during the call, as the client shows them. */
  callWithProgress?(tool: string, input: Record<string, unknown>): Promise<readonly string[]>;
  prompts?(): Promise<readonly string[]>;
  /** Text of the prompt. */
  prompt?(name: string, input: Record<string, string>): Promise<string>;
  resources?(): Promise<readonly string[]>;
  /** Text of the resource. */
  resource?(uri: string): Promise<string>;
  /** What may follow what is typed so far into an argument of a prompt. */
  completions?(prompt: string, argument: string, value: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** `questions`: it answers what a server asks its user, always with ANSWER. */
export type Feature = 'progress' | 'prompts' | 'resources' | 'completion' | 'questions';

export const ANSWER = { action: 'accept' as const, content: { titledSingleSelectEnum: 'hero-3' } };

export interface RealClient {
  readonly name: string;
  /** On npm. */
  readonly package: string;
  /** Revision of MCP that it speaks with the gateway. */
  readonly revision: '2025-11-25' | '2025-06-18' | '2026-07-28';
  /** Everybody lists and calls tools. */
  readonly features: readonly Feature[];
  connect(connection: Connection, folder: string): Promise<ConnectedClient>;
}

interface Part {
  readonly text?: unknown;
}

/** All texts of the parts of a result, a prompt or a resource. */
export const textsIn = (parts: readonly unknown[]): string =>
  parts.map((part) => (part as Part).text ?? '').join('\n');

export interface ToolAnswer {
  readonly isError?: unknown;
  readonly content?: unknown;
}

/** An outcome of a client that hands out the result of tools/call as it is. */
export const outcomeOf = ({ isError, content }: ToolAnswer): Outcome => ({
  isError: isError === true,
  text: textsIn(Array.isArray(content) ? content : []),
});
