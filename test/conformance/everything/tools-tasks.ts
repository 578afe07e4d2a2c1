import { pause, RpcError } from './conversation.js';
import { form, objectOf, say, type Tool, tool } from './item.js';
import { nameIn } from './tools-input.js';

const STRING = { type: 'string' };
const CONFIRM = { name: STRING, confirm: { type: 'boolean' } };

/** What legacy servers say of it: whether it may, or must, be called as a task (2025-11-25 basic/utilities/tasks). */
const asTask = (taskSupport: 'optional' | 'required', { definition, run }: Tool): Tool => ({
  definition: { ...definition, execution: { taskSupport } },
  run,
});

/** Tools that can go on as tasks, in the way of each era; `greet` never becomes one. */
export const TASK_TOOLS: readonly Tool[] = [
  tool(
    'greet',
    'Greets at once.',
    ({ name }) => say(`Hello, ${String(name)}!`),
    objectOf({ name: STRING }, ['name']),
  ),
  asTask(
    'optional',
    tool(
      'slow_compute',
      'Takes so many seconds.',
      ({ seconds, label }, conversation) =>
        conversation.inBackground(async ({ signal }) => {
          await pause(Number(seconds) * 1_000, signal);
          return say(`Computed ${String(label)}.`);
        }),
      objectOf({ seconds: { type: 'number' }, label: STRING }, ['seconds']),
    ),
  ),
  asTask(
    'required',
    tool('failing_job', 'Fails as a tool does, after a while.', (_, conversation) =>
      conversation.inBackground(
        async ({ signal }) => {
          await pause(500, signal);
          return { ...say('The job has failed.'), isError: true };
        },
        { required: true },
      ),
    ),
  ),
  asTask(
    'optional',
    tool('protocol_error_job', 'Fails as a server does.', (_, conversation) =>
      conversation.inBackground(async ({ signal }) => {
        await pause(200, signal);
        throw new RpcError(-32603, 'The job has broken');
      }),
    ),
  ),
  asTask(
    'optional',
    tool(
      'confirm_delete',
      'Asks before it deletes.',
      ({ filename }, conversation) =>
        conversation.inBackground(async (task) => {
          const { confirm } = await task.ask({
            confirm: form(`Delete ${String(filename)}?`, CONFIRM, ['confirm']),
          });
          return say(`${String(filename)}: ${JSON.stringify(confirm)}`);
        }),
      objectOf({ filename: STRING }, ['filename']),
    ),
  ),
  asTask(
    'optional',
    tool('multi_input', 'Asks two things at once.', (_, conversation) =>
      conversation.inBackground(async (task) => {
        const answer = await task.ask({
          first: form('The first?', CONFIRM, []),
          second: form('The second?', CONFIRM, []),
        });
        return say(`Answers: ${Object.keys(answer).join(', ')}`);
      }),
    ),
  ),
  asTask(
    'required',
    tool('test_tool_with_task', 'Asks for a name, then goes on as a task.', async (_, conversation) => {
      const { user_name: user } = await conversation.ask({
        user_name: form('What is your name?', { name: STRING }),
      });
      return conversation.inBackground(async () => say(`Done for ${nameIn(user)}.`), { required: true });
    }),
  ),
];
