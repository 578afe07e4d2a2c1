/** What tools, prompts and resources of the fixture need of the connection they are asked over, whichever era it is. */
export type Members = Readonly<Record<string, unknown>>;

/** A question to the client: the same three methods in both eras. */
export interface InputRequest {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  readonly params: Members;
}
export type InputRequests = Readonly<Record<string, InputRequest>>;
export type InputResponses = Readonly<Record<string, Members>>;

export interface Background {
  /** Refuse callers that cannot follow a task, instead of letting them wait for the answer. */
  readonly required?: boolean;
}

export interface Conversation {
  /** What the client declared. */
  readonly capabilities: Members;
  readonly signal: AbortSignal;
  /**
   * Asks the client all of it and answers by the same names. In the modern era the handler is run again from its start
   * with the answers at hand (SEP-2322), so that nothing before `ask` may have an effect.
   */
  ask(requests: InputRequests): Promise<InputResponses>;
  /** Sent when the request carries a progress token. */
  progress(progress: number, total: number): void;
  /** Sent at or above the level that the client asked for. */
  log(level: string, data: unknown): void;
  /** Goes on as a task when the client follows tasks, else within the request. */
  inBackground(work: (task: Conversation) => Promise<Members>, options?: Background): Promise<Members>;
  /** Closes the response's stream in the middle of the request, where streams can be resumed. */
  dropStream(): void;
}

/** A JSON-RPC error answer with the HTTP status it has in the modern era. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: Members,
    readonly status = 200,
  ) {
    super(message);
  }

  toJson(): Members {
    const { code, message, data } = this;
    return { code, message, ...(data === undefined ? {} : { data }) };
  }
}

export const invalidParams = (message: string, data?: Members): RpcError =>
  new RpcError(-32602, message, data);
export const methodNotFound = (method: string): RpcError =>
  new RpcError(-32601, `Method not found: ${method}`, undefined, 404);
export const missingCapabilities = (requiredCapabilities: Members): RpcError =>
  new RpcError(-32021, 'A capability of the client is missing', { requiredCapabilities }, 400);

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the client has to declare before it may be asked. */
const CAPABILITY_OF = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
} as const;

export const isDeclared = (capabilities: Members, { method }: InputRequest): boolean =>
  capabilities[CAPABILITY_OF[method]] !== undefined;

/** @throws RpcError -32021 that names every capability the questions lack */
export const checkDeclared = (capabilities: Members, requests: InputRequests): void => {
  const lacking = Object.values(requests).filter((request) => !isDeclared(capabilities, request));
  if (lacking.length > 0)
    throw missingCapabilities(Object.fromEntries(lacking.map(({ method }) => [CAPABILITY_OF[method], {}])));
};

/** Waits so many milliseconds. @throws the signal's reason as soon as it is aborted */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const aborted = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    signal.addEventListener('abort', aborted, { once: true });
  });
