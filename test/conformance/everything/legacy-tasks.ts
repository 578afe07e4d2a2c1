import {
  type Conversation,
  type InputRequest,
  invalidParams,
  isMembers,
  type Members,
  pause,
  RpcError,
} from './conversation.js';
import { Task } from './tasks.js';

const RELATED = 'io.modelcontextprotocol/related-task';
/** How soon `tasks/result` sees that its task has asked something or has ended. */
const LOOK_MS = 20;

export const LEGACY_TASK_METHODS: ReadonlySet<string> = new Set([
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
]);

/** The tasks of one session (2025-11-25 basic/utilities/tasks): what they ask goes out on the stream of `tasks/result`. */
export class LegacyTasks {
  readonly #tasks = new Map<string, Task>();

  constructor(private readonly told: (method: string, params: Members) => void) {}

  /** Starts the work. Answers the CreateTaskResult. */
  create(conversation: Conversation, work: (task: Conversation) => Promise<Members>): Members {
    const task = new Task(() => this.told('notifications/tasks/status', stateOf(task)));
    this.#tasks.set(task.id, task);
    task.start(conversation, work);
    return { task: { ...stateOf(task), status: 'working' } };
  }

  /** The result of one of LEGACY_TASK_METHODS. @throws RpcError */
  async answer(
    method: string,
    { taskId }: Members,
    ask: (request: InputRequest) => Promise<Members>,
    signal: AbortSignal,
  ): Promise<Members> {
    const task = this.#tasks.get(String(taskId));
    if (task === undefined) throw invalidParams(`Unknown task: ${String(taskId)}`);
    if (method === 'tasks/get') return stateOf(task);
    if (method === 'tasks/result') return result(task, ask, signal);
    if (isOver(task)) throw invalidParams('The task has ended');
    task.cancel();
    return stateOf(task);
  }
}

const isOver = (task: Task): boolean =>
  ['completed', 'failed', 'cancelled'].includes(String(task.state()['status']));

const stateOf = (task: Task): Members => {
  const { ttlMs: ttl, pollIntervalMs: pollInterval, ...state } = task.state();
  const { result: ended } = task.detailed();
  const isFailed = isMembers(ended) && ended['isError'] === true;
  return { ...state, ...(isFailed ? { status: 'failed' } : {}), ttl, pollInterval };
};

const result = async (
  task: Task,
  ask: (request: InputRequest) => Promise<Members>,
  signal: AbortSignal,
): Promise<Members> => {
  const _meta = { [RELATED]: { taskId: task.id } };
  while (!isOver(task)) {
    for (const [key, { method, params }] of task.undelivered()) {
      ask({ method, params: { ...params, _meta } }).then(
        (answer) => task.update({ [key]: answer }),
        () => task.update({ [key]: { action: 'cancel' } }),
      );
    }
    await pause(LOOK_MS, signal);
  }
  const { status, result: ended, error } = task.detailed();
  if (status === 'cancelled') throw new RpcError(-32603, 'The task was cancelled');
  if (isMembers(error)) throw new RpcError(Number(error['code']), String(error['message']));
  return { ...(isMembers(ended) ? ended : {}), _meta };
};
