import { Readable } from 'node:stream';
import { tokenFromEnvironment } from '#config/cli-environment.js';
import { InputError, type Invocation, textOption } from '../command.js';
import { developmentToken } from './development-token.js';
import { DEFAULT_SERVER, reach, reachStream, serverAddress } from './discover.js';
import { readNdjson } from './ndjson.js';

/** Options of every command that asks a running system. */
export const SERVER_OPTIONS = {
  server: { type: 'string' },
  user: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const serverHelp = (user: string): string =>
  [
    `  --server URL   default ${DEFAULT_SERVER}`,
    `  --user NAME    demo user to ask as; default: the token in COUNTERSIGN_TOKEN, else ${user}`,
    '  --json         the server’s answer as it is',
  ].join('\n');

const TOKEN_TTL_S = 300;
/** Replaying a long history takes its time. */
const DEADLINE_MS = 600_000;

/** The REST edges of a running system, asked as one caller. */
export interface Api {
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
  delete<Answer>(path: string): Promise<Answer>;
  /** An answer that is text of this media type. */
  text(path: string, accept: string): Promise<string>;
  /** An answer of any length, as `application/x-ndjson`: its lines as they come. */
  lines<Line>(path: string, body: object): AsyncIterable<Line>;
  /** A file of any length, as it comes. */
  download(path: string, body: object): Promise<Readable>;
}

/** Where to ask, and as whom: the demo user that --user names, else COUNTERSIGN_TOKEN, else `defaultUser`. @throws InputError */
export const accessOf = async (
  invocation: Invocation,
  defaultUser: string,
): Promise<{ readonly server: string; readonly token: string }> => {
  const server = serverAddress(textOption(invocation, 'server') ?? DEFAULT_SERVER);
  const user = textOption(invocation, 'user');
  const given = user === undefined ? tokenFromEnvironment() : undefined;
  const token = given ?? (await developmentToken({ server, user: user ?? defaultUser, ttl_s: TOKEN_TTL_S }));
  return { server, token };
};

/** @throws InputError */
export const openApi = async (invocation: Invocation, defaultUser: string): Promise<Api> => {
  const { server, token } = await accessOf(invocation, defaultUser);
  return apiWithToken(server, token);
};

export const apiWithToken = (server: string, token: string): Api => {
  const headersOf = ({ body }: RequestInit) => ({
    authorization: `Bearer ${token}`,
    ...(body && { 'content-type': 'application/json' }),
  });
  const ask = async (path: string, request: RequestInit) => {
    const response = await reach(server + path, { ...request, headers: headersOf(request) }, DEADLINE_MS);
    return answerOf(server + path, response);
  };
  const lines = async function* <Line>(path: string, body: object): AsyncGenerator<Line> {
    const request = { method: 'POST', body: JSON.stringify(body) };
    const headers = { ...headersOf(request), accept: 'application/x-ndjson' };
    const response = await reachStream(server + path, { ...request, headers });
    if (!response.ok || response.body === null) await answerOf(server + path, response);
    else yield* readNdjson<Line>(server + path, response.body);
  };
  return {
    get: async <Answer>(path: string) => (await ask(path, {})) as Answer,
    post: async <Answer>(path: string, body: object) =>
      (await ask(path, { method: 'POST', body: JSON.stringify(body) })) as Answer,
    delete: async <Answer>(path: string) => (await ask(path, { method: 'DELETE' })) as Answer,
    text: async (path, accept) => {
      const request = { headers: { ...headersOf({}), accept } };
      const response = await reach(server + path, request, DEADLINE_MS);
      if (response.ok) return response.text();
      await answerOf(server + path, response);
      throw new InputError(`${server}${path} answered without text.`);
    },
    lines,
    download: async (path, body) => {
      const request = { method: 'POST', body: JSON.stringify(body) };
      const response = await reachStream(server + path, { ...request, headers: headersOf(request) });
      if (response.ok && response.body !== null) return Readable.fromWeb(response.body);
      await answerOf(server + path, response);
      throw new InputError(`${server}${path} answered without a file.`);
    },
  };
};

/** A refusal of the server, with its stable code. */
export class Refused extends InputError {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The JSON of an answer. @throws Refused, InputError */
export const answerOf = async (url: string, response: Response): Promise<unknown> => {
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  const { code, title, detail, next } = (answer ?? {}) as { [member: string]: unknown };
  if (typeof code !== 'string')
    throw new InputError(
      `${url} answered ${response.status} and not as expected. Is it a Countersign server?`,
    );
  const hint =
    code === 'not_found'
      ? ' In the distributed shape each service has an address of its own; see what the launcher printed.'
      : '';
  throw new Refused(
    code,
    `${title}${typeof detail === 'string' ? ` (${detail})` : ''} ${next} [${code}]${hint}`,
  );
};

/** `?a=1&b=2` of what is defined. */
export const query = (parameters: { readonly [name: string]: string | undefined }): string => {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
};
