import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import {
  type Conversation,
  checkDeclared,
  declaredOf,
  type InputRequest,
  type InputRequests,
  type InputResponses,
  invalidParams,
  isMembers,
  type Members,
  RpcError,
} from './conversation.js';

const TTL_MS = 300_000;
const POLL_INTERVAL_MS = 100;

type Ended = { readonly status: 'completed' | 'failed' | 'cancelled' } & Members;

interface Waiting {
  readonly request: InputRequest;
  readonly answer: (response: Members) => void;
  delivered: boolean;
}

/** One task: work that goes on after its request was answered. */
export class Task {
  readonly id = randomUUID();
  readonly #created = new Date().toISOString();
  #updated = this.#created;
  #ended: Ended | undefined;
  #asked = 0;
  readonly #waiting = new Map<string, Waiting>();
  readonly #abort = new AbortController();

  /** `onChange`: called when it has another status. */
  constructor(private readonly onChange: () => void = () => {}) {}

  start(conversation: Conversation, work: (task: Conversation) => Promise<Members>): void {
    const { capabilities } = conversation;
    const own: Conversation = {
      capabilities,
      signal: this.#abort.signal,
      ask: (requests) => this.#ask(capabilities, requests),
      askIfKnown: (requests) => this.#ask(capabilities, declaredOf(capabilities, requests)),
      progress: () => {},
      log: () => {},
      inBackground: (inner) => inner(own),
      dropStream: () => {},
    };
    work(own).then(
      (result) => this.#end({ status: 'completed', result }),
      (error) => {
        const { code, message } =
          error instanceof RpcError ? error : new RpcError(-32603, 'The task has broken');
        this.#end({ status: 'failed', error: { code, message } });
      },
    );
  }

  #end(ended: Ended): void {
    if (this.#ended !== undefined) return;
    this.#ended = ended;
    this.#waiting.clear();
    this.#updated = new Date().toISOString();
    this.onChange();
  }

  async #ask(capabilities: Members, requests: InputRequests): Promise<InputResponses> {
    checkDeclared(capabilities, requests);
    const answers = Object.entries(requests).map(
      ([name, request]) =>
        new Promise<readonly [string, Members]>((resolve) => {
          const key = `${name}-${++this.#asked}`;
          this.#waiting.set(key, {
            request: { ...request },
            answer: (response) => resolve([name, response]),
            delivered: false,
          });
          this.onChange();
        }),
    );
    return Object.fromEntries(await Promise.all(answers));
  }

  /** Members of the task itself, the same in CreateTaskResult and tasks/get. */
  state(): Members {
    const status = this.#ended?.status ?? (this.#waiting.size > 0 ? 'input_required' : 'working');
    const { id: taskId } = this;
    return {
      taskId,
      status,
      createdAt: this.#created,
      lastUpdatedAt: this.#updated,
      ttlMs: TTL_MS,
      pollIntervalMs: POLL_INTERVAL_MS,
    };
  }

  /** As tasks/get answers it. */
  detailed(): Members {
    const inputRequests = Object.fromEntries([...this.#waiting].map(([key, { request }]) => [key, request]));
    return { ...this.state(), ...(this.#waiting.size > 0 ? { inputRequests } : {}), ...this.#ended };
  }

  /** Questions that nobody has been given before, where they are given once. */
  undelivered(): readonly (readonly [string, InputRequest])[] {
    return [...this.#waiting].flatMap(([key, waiting]) => {
      if (waiting.delivered) return [];
      waiting.delivered = true;
      return [[key, waiting.request] as const];
    });
  }

  update(responses: Members): void {
    for (const [key, response] of Object.entries(responses)) {
      if (!isMembers(response)) continue;
      this.#waiting.get(key)?.answer(response);
      this.#waiting.delete(key);
    }
    this.#updated = new Date().toISOString();
  }

  cancel(): void {
    this.#end({ status: 'cancelled' });
    this.#abort.abort();
  }
}

export const TASK_METHODS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);

/** The tasks of one server, kept until it ends. */
export class Tasks {
  readonly #tasks = new Map<string, Task>();
  readonly #changes = new EventEmitter<{ change: [Members] }>().setMaxListeners(0);

  /** Calls with the whole state of a task that has another status. */
  onChange(listener: (task: Members) => void): () => void {
    this.#changes.on('change', listener);
    return () => void this.#changes.off('change', listener);
  }

  /** Starts the work. Answers the CreateTaskResult. */
  create(conversation: Conversation, work: (task: Conversation) => Promise<Members>): Members {
    const task = new Task(() => this.#changes.emit('change', task.detailed()));
    this.#tasks.set(task.id, task);
    task.start(conversation, work);
    return { resultType: 'task', ...task.state(), status: 'working' };
  }

  /** The result of one of TASK_METHODS. @throws RpcError -32602 for a task that is not there */
  answer(method: string, { taskId, inputResponses }: Members): Members {
    const task = this.#tasks.get(String(taskId));
    if (task === undefined) throw invalidParams(`Unknown task: ${String(taskId)}`);
    if (method === 'tasks/get') return task.detailed();
    if (method === 'tasks/cancel') task.cancel();
    else task.update(isMembers(inputResponses) ? inputResponses : {});
    return {};
  }
}
