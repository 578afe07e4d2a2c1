import { EventEmitter } from 'node:events';
import { type Conversation, invalidParams, isMembers, type Members } from './conversation.js';
import { type Prompt, say, type Tool, tool, type World } from './item.js';
import { PROMPTS } from './prompts.js';
import { RESOURCES, readResource, TEMPLATES } from './resources.js';
import { CONTENT_TOOLS } from './tools-content.js';
import { INPUT_TOOLS } from './tools-input.js';
import { TASK_TOOLS } from './tools-tasks.js';

/** What `toggle` adds and takes away. */
export const EXTRA_TOOL = tool('test_added_tool', 'Comes and goes.', () => say('Here for now.'));
export const EXTRA_PROMPT: Prompt = {
  definition: { name: 'test_added_prompt', description: 'Comes and goes.' },
  get: () => ({ messages: [] }),
};

/** Methods that can be asked in both eras. */
export const METHODS: ReadonlySet<string> = new Set([
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
]);

export type Change = { readonly list: 'tools' | 'prompts' } | { readonly uri: string };

/** Everything that the fixture offers, with answers that do not depend on the era. */
export class Catalog implements World {
  readonly #added = new Set<'tools' | 'prompts'>();
  readonly #changes = new EventEmitter<{ change: [Change] }>().setMaxListeners(0);

  /** `notFound`: the error code of an unknown resource, which differs by era. */
  constructor(readonly notFound: number) {}

  onChange(listener: (change: Change) => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  toggle(list: 'tools' | 'prompts'): void {
    if (!this.#added.delete(list)) this.#added.add(list);
    this.#changes.emit('change', { list });
  }

  updated(uri: string): void {
    this.#changes.emit('change', { uri });
  }

  tools(): readonly Tool[] {
    return [
      ...CONTENT_TOOLS,
      ...INPUT_TOOLS,
      ...TASK_TOOLS,
      ...(this.#added.has('tools') ? [EXTRA_TOOL] : []),
    ];
  }

  #prompts(): readonly Prompt[] {
    return [...PROMPTS, ...(this.#added.has('prompts') ? [EXTRA_PROMPT] : [])];
  }

  /** The result of one of METHODS. @throws RpcError what is not there, or what a handler refuses */
  async answer(method: string, params: Members, conversation: Conversation): Promise<Members> {
    const { name, uri } = params;
    const input = isMembers(params['arguments']) ? params['arguments'] : {};
    switch (method) {
      case 'tools/list':
        return { tools: this.tools().map(({ definition }) => definition) };
      case 'prompts/list':
        return { prompts: this.#prompts().map(({ definition }) => definition) };
      case 'resources/list':
        return { resources: RESOURCES };
      case 'resources/templates/list':
        return { resourceTemplates: TEMPLATES };
      case 'resources/read':
        return readResource(String(uri), this.notFound);
      case 'completion/complete':
        return { completion: complete(params) };
      case 'prompts/get': {
        const prompt = this.#prompts().find(({ definition }) => definition.name === name);
        if (prompt === undefined) throw invalidParams(`Unknown prompt: ${String(name)}`);
        return prompt.get(input, conversation);
      }
      default: {
        const called = this.tools().find(({ definition }) => definition.name === name);
        if (called === undefined) throw invalidParams(`Unknown tool: ${String(name)}`);
        return called.run(input, conversation, this);
      }
    }
  }
}

const WORDS = ['paris', 'park', 'party', 'test value'];

const complete = ({ argument }: Members): Members => {
  const prefix = isMembers(argument) ? String(argument['value']) : '';
  const values = WORDS.filter((word) => word.startsWith(prefix));
  return { values, total: values.length, hasMore: false };
};
