import { randomUUID } from 'node:crypto';
import type { Catalog } from './catalog.js';
import {
  type Conversation,
  declaredOf,
  type InputRequest,
  type InputRequests,
  invalidParams,
  isDeclared,
  isMembers,
  type Members,
  methodNotFound,
  RpcError,
} from './conversation.js';
import { ResumableStream } from './event-stream.js';
import { LEGACY_TASK_METHODS, LegacyTasks } from './legacy-tasks.js';
import { LEVELS } from './log-level.js';
import type { RequestMessage } from './modern.js';

/** One session of the legacy era: what the client declared, its open streams, and what it was asked. */
export class LegacySession {
  readonly id = randomUUID();
  /** The stream that belongs to no request, which GET opens. */
  readonly standalone = new ResumableStream(randomUUID());
  readonly #streams = new Map([[this.standalone.id, this.standalone]]);
  readonly #asked = new Map<string, (response: Members) => void>();
  readonly #running = new Map<string | number, AbortController>();
  readonly #subscribed = new Set<string>();
  readonly #tasks = new LegacyTasks((method, params) =>
    this.standalone.send({ jsonrpc: '2.0', method, params }),
  );
  #level: string | undefined;
  readonly #stop: () => void;

  constructor(
    readonly capabilities: Members,
    private readonly catalog: Catalog,
  ) {
    const notify = (method: string, params: Members = {}) =>
      this.standalone.send({ jsonrpc: '2.0', method, params });
    this.#stop = catalog.onChange((change) => {
      if ('list' in change) notify(`notifications/${change.list}/list_changed`);
      else if (this.#subscribed.has(change.uri))
        notify('notifications/resources/updated', { uri: change.uri });
    });
  }

  close(): void {
    this.#stop();
    for (const abort of this.#running.values()) abort.abort(new Error('the session has ended'));
    for (const stream of this.#streams.values()) stream.drop();
  }

  newStream(): ResumableStream {
    const stream = new ResumableStream(randomUUID());
    this.#streams.set(stream.id, stream);
    return stream;
  }

  /** The stream that an event belongs to, and the event's number in it. */
  resume(eventId: string): { readonly stream: ResumableStream; readonly after: number } | undefined {
    const [id = '', after] = eventId.split('_');
    const stream = this.#streams.get(id);
    return stream === undefined ? undefined : { stream, after: Number(after) };
  }

  /** A response of the client to something it was asked. */
  responded({ id, result, error }: Members): void {
    const answer = this.#asked.get(String(id));
    this.#asked.delete(String(id));
    answer?.({ result, error });
  }

  cancelled({ requestId }: Members): void {
    this.#running.get(requestId as string | number)?.abort(new Error('cancelled'));
  }

  /** @throws RpcError what the request is refused with */
  async result(
    { id, method, params }: RequestMessage,
    stream: ResumableStream | undefined,
  ): Promise<Members> {
    switch (method) {
      case 'ping':
        return {};
      case 'logging/setLevel':
        if (!LEVELS.includes(String(params['level']))) throw invalidParams('Unknown level');
        this.#level = String(params['level']);
        return {};
      case 'resources/subscribe':
        this.#subscribed.add(String(params['uri']));
        return {};
      case 'resources/unsubscribe':
        this.#subscribed.delete(String(params['uri']));
        return {};
      default: {
        const abort = new AbortController();
        this.#running.set(id, abort);
        const ask = (request: InputRequest) => this.#ask(stream, request, abort.signal);
        try {
          if (LEGACY_TASK_METHODS.has(method))
            return await this.#tasks.answer(method, params, ask, abort.signal);
          return await this.catalog.answer(method, params, this.#conversation(params, stream, abort.signal));
        } finally {
          this.#running.delete(id);
        }
      }
    }
  }

  #conversation(params: Members, stream: ResumableStream | undefined, signal: AbortSignal): Conversation {
    const { progressToken } = isMembers(params['_meta']) ? params['_meta'] : {};
    const notify = (method: string, about: Members) =>
      stream?.send({ jsonrpc: '2.0', method, params: about });
    const asked = (requests: InputRequests) =>
      Object.entries(requests).map(
        async ([name, request]) => [name, await this.#ask(stream, request, signal)] as const,
      );
    const conversation: Conversation = {
      capabilities: this.capabilities,
      signal,
      ask: async (requests) => {
        if (!Object.values(requests).every((request) => isDeclared(this.capabilities, request)))
          throw invalidParams('The client did not declare what it would have to be asked');
        return Object.fromEntries(await Promise.all(asked(requests)));
      },
      // What was declared is known of the session, not of whoever asks in it now: a refusal is an answer too.
      askIfKnown: async (requests) => {
        const answers = await Promise.allSettled(asked(declaredOf(this.capabilities, requests)));
        return Object.fromEntries(
          answers.filter((one) => one.status === 'fulfilled').map(({ value }) => value),
        );
      },
      progress: (progress, total) => {
        if (progressToken !== undefined) notify('notifications/progress', { progressToken, progress, total });
      },
      log: (level, data) => {
        if (this.#level === undefined || LEVELS.indexOf(level) >= LEVELS.indexOf(this.#level))
          notify('notifications/message', { level, data });
      },
      inBackground: async (work, { required = false } = {}) => {
        if (isMembers(params['task'])) return this.#tasks.create(conversation, work);
        if (required) throw methodNotFound('tools/call without a task');
        return work(conversation);
      },
      dropStream: () => stream?.drop(),
    };
    return conversation;
  }

  #ask(stream: ResumableStream | undefined, request: InputRequest, signal: AbortSignal): Promise<Members> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      const id = randomUUID();
      this.#asked.set(id, ({ result, error }) => {
        if (isMembers(result)) resolve(result);
        else reject(refusedWith(error));
      });
      (stream ?? this.standalone).send({ jsonrpc: '2.0', id, ...request });
    });
  }
}

/** The client's own error is the reason, and says it best. */
const refusedWith = (error: unknown): RpcError => {
  const { code, message, data } = isMembers(error) ? error : {};
  return new RpcError(Number(code ?? -32603), String(message), isMembers(data) ? data : undefined);
};
