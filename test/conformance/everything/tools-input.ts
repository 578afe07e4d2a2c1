import { type InputRequest, isDeclared } from './conversation.js';
import { form, objectOf, question, ROOTS, say, type Tool, tool } from './item.js';

const STRING = { type: 'string' };
const NAME = form('What is your name?', { name: STRING });
const CONFIRM = form('Please confirm', { ok: { type: 'boolean' } });

const OPTIONS = ['option1', 'option2', 'option3'];
const titled = (kind: string) =>
  ['First', 'Second', 'Third'].map((title, index) => ({
    const: `value${index + 1}`,
    title: `${title} ${kind}`,
  }));

/** Asks one thing and reports the answer word for word. */
const asks = (
  name: string,
  description: string,
  request: InputRequest,
  answer = 'Elicitation completed',
): Tool =>
  tool(name, description, async (_, conversation) => {
    const { action, content } = (await conversation.ask({ input: request }))['input'] ?? {};
    return say(`${answer}: action=${String(action)}, content=${JSON.stringify(content)}`);
  });

const DEFAULTS = form(
  'Please check these values',
  {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
  [],
);

const ENUMS = form(
  'Please choose',
  {
    untitledSingle: { type: 'string', enum: OPTIONS },
    titledSingle: { type: 'string', oneOf: titled('Option') },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
    titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
  },
  [],
);

/** Tools that ask the client: over the stream in the legacy era, in rounds in the modern one. */
export const INPUT_TOOLS: readonly Tool[] = [
  tool(
    'test_sampling',
    'Asks the client’s model.',
    async ({ prompt }, conversation) => {
      const { answer } = await conversation.ask({ answer: question(String(prompt), 100) });
      return say(`LLM response: ${JSON.stringify(answer?.['content'])}`);
    },
    objectOf({ prompt: STRING }, ['prompt']),
  ),
  tool(
    'test_elicitation',
    'Asks the user for a name and an address.',
    async ({ message }, conversation) => {
      const asked = form(String(message), {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      });
      const { user } = await conversation.ask({ user: asked });
      return say(`User response: ${JSON.stringify(user)}`);
    },
    objectOf({ message: STRING }, ['message']),
  ),
  asks('test_elicitation_sep1034_defaults', 'Asks with default values of every type.', DEFAULTS),
  asks('test_elicitation_sep1330_enums', 'Asks with every kind of choice.', ENUMS),
  asks('test_streaming_elicitation', 'Asks the user once.', CONFIRM),
  tool('test_missing_capability', 'Needs the client’s model.', async (_, conversation) => {
    await conversation.ask({ answer: question('Say something', 10) });
    return say('The client has a model.');
  }),
  tool('test_input_required_result_elicitation', 'Asks for a name.', async (_, conversation) => {
    const answer = await conversation.ask({ user_name: NAME });
    return say(`Hello, ${nameIn(answer['user_name'])}!`);
  }),
  tool('test_input_required_result_sampling', 'Asks the model for a capital.', async (_, conversation) => {
    const answer = await conversation.ask({
      capital_question: question('What is the capital of France?', 100),
    });
    return say(JSON.stringify(answer['capital_question']?.['content']));
  }),
  tool('test_input_required_result_list_roots', 'Asks for the roots.', async (_, conversation) => {
    const answer = await conversation.ask({ client_roots: ROOTS });
    return say(JSON.stringify(answer['client_roots']?.['roots']));
  }),
  tool('test_input_required_result_request_state', 'Asks for a confirmation.', async (_, conversation) => {
    await conversation.ask({ confirm: CONFIRM });
    return say('state-ok');
  }),
  tool('test_input_required_result_tampered_state', 'Asks for a confirmation.', async (_, conversation) => {
    await conversation.ask({ confirm: CONFIRM });
    return say('The state was as it was sealed.');
  }),
  tool(
    'test_input_required_result_multiple_inputs',
    'Asks three things at once.',
    async (_, conversation) => {
      const answer = await conversation.ask({
        user_name: NAME,
        greeting: question('Generate a greeting', 50),
        client_roots: ROOTS,
      });
      return say(`Answers: ${Object.keys(answer).join(', ')}`);
    },
  ),
  tool('test_input_required_result_multi_round', 'Asks twice.', async (_, conversation) => {
    const first = await conversation.ask({ step1: form('Step 1: What is your name?', { name: STRING }) });
    const second = await conversation.ask({
      step2: form('Step 2: What is your favorite color?', { color: STRING }),
    });
    return say(`${JSON.stringify(first['step1'])} ${JSON.stringify(second['step2'])}`);
  }),
  tool(
    'test_input_required_result_capabilities',
    'Asks only what the client knows.',
    async (_, conversation) => {
      const all = { user_name: NAME, greeting: question('Generate a greeting', 50) };
      const known = Object.entries(all).filter(([, request]) =>
        isDeclared(conversation.capabilities, request),
      );
      const answer = await conversation.ask(Object.fromEntries(known));
      return say(`Answers: ${Object.keys(answer).join(', ')}`);
    },
  ),
];

/** The name that a form was answered with. */
export function nameIn(answer: { readonly content?: unknown } | undefined): string {
  return String((answer?.content as { readonly name?: unknown } | undefined)?.name ?? 'nobody');
}
