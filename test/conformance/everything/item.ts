import type { Conversation, InputRequest, Members } from './conversation.js';

/** What the handlers of one server have in common. */
export interface World {
  /** Adds or takes away one item of the list and says so to whoever listens. */
  toggle(list: 'tools' | 'prompts'): void;
  updated(uri: string): void;
}

export interface Tool {
  readonly definition: Members & { readonly name: string };
  run(input: Members, conversation: Conversation, world: World): Promise<Members> | Members;
}

export interface Prompt {
  readonly definition: Members & { readonly name: string };
  get(input: Members, conversation: Conversation): Promise<Members> | Members;
}

const OBJECT = { type: 'object', properties: {}, additionalProperties: false };

/** A tool; without a schema it takes no arguments. */
export const tool = (
  name: string,
  description: string,
  run: Tool['run'],
  inputSchema: Members = OBJECT,
): Tool => ({ definition: { name, description, inputSchema }, run });

export const objectOf = (properties: Members, required: readonly string[] = []): Members => ({
  type: 'object',
  properties,
  required,
});

export const text = (words: string): Members => ({ type: 'text', text: words });
export const say = (words: string): Members => ({ content: [text(words)] });
export const sayAll = (...content: readonly Members[]): Members => ({ content });

/** A form for the user. */
export const form = (message: string, properties: Members, required?: readonly string[]): InputRequest => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: objectOf(properties, required ?? Object.keys(properties)),
  },
});

/** A question to the client's model. */
export const question = (words: string, maxTokens: number): InputRequest => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: text(words) }], maxTokens },
});

export const ROOTS: InputRequest = { method: 'roots/list', params: {} };

/** One pixel, and one silent sample. */
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
export const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==';
export const image: Members = { type: 'image', data: PNG, mimeType: 'image/png' };
export const embedded = (uri: string, words: string): Members => ({
  type: 'resource',
  resource: { uri, mimeType: 'text/plain', text: words },
});
