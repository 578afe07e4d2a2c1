import { CountersignError } from '#core/errors.js';
import { canonicalJson } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { openText, sealText } from '#mcp/sealed-text.js';
import { sha256 } from '#sealing/sha256.js';
import type { CallRequest } from '../call/call.js';
import type { HeldCall } from '../call/waiting/approval-pending.js';
import type { Gateway } from '../gateway.js';

const HANDLE_TEXT_MAX = 128 * 1024;
/** A person may think that long about a question. */
const INPUT_MS = 15 * 60_000;
/** A legacy server is asked to keep a task as long as its id is good here. */
export const TASK_MS = 7 * 24 * 3_600_000;

/** What a client carries between the rounds of one request (MCP 2026-07-28 basic/patterns/mrtr, `requestState`). */
export interface InputHandle {
  readonly callId: string;
  readonly approvalId: string | null;
  /** Set while the call itself waits in this process: the round of questions that is open. */
  readonly parked: { readonly instance: string; readonly round: number } | null;
  /** The upstream's own state. */
  readonly state: string | null;
  /** Set while the call is held: what its approval binds, how often the client will have come back, and what makes it single-use. */
  readonly held?: {
    readonly digest: Digest;
    readonly expiresAt: string;
    readonly round: number;
    readonly after: number;
  };
}

/** The task id a client sees: where the task is, and that it belongs to this client. */
export interface TaskHandle {
  readonly server: string;
  /** The server's own, or that of a result the gateway keeps. */
  readonly taskId: string;
  /** Set for a task of the gateway's own: a held call, whose id `taskId` is, and what its approval binds. */
  readonly held?: Omit<HeldCall, 'callId'>;
  /** The process that keeps the result itself: the server did not make a task of the call. */
  readonly keptBy?: string;
}

type Sealed<Handle> = { readonly handle: Handle; readonly until: number };

const seal = (gateway: Gateway, context: string, handle: unknown, lives_ms: number): string =>
  sealText(gateway.sessions, context, JSON.stringify({ handle, until: gateway.now().getTime() + lives_ms }));

const open = <Handle>(gateway: Gateway, context: string, text: unknown): Handle | undefined => {
  if (typeof text !== 'string') return undefined;
  const plain = openText(gateway.sessions, context, text, HANDLE_TEXT_MAX);
  if (plain === undefined) return undefined;
  const { handle, until } = JSON.parse(plain) as Sealed<Handle>;
  return gateway.now().getTime() < until ? handle : undefined;
};

/** Bound to the caller and to what is asked for: another request cannot use it. Anew in each round. */
export const sealInput = (gateway: Gateway, owner: Digest, call: CallRequest, handle: InputHandle): string =>
  seal(gateway, inputContext(owner, call), handle, INPUT_MS);

/** @throws CountersignError params_invalid; the same for forged, foreign, expired and misused ones */
export const openInput = (
  gateway: Gateway,
  owner: Digest,
  request: CallRequest,
  text: unknown,
): InputHandle => {
  const handle = open<InputHandle>(gateway, inputContext(owner, request), text);
  if (handle === undefined) throw new CountersignError('params_invalid', 'requestState');
  return handle;
};

/** What a request that continues another one must be the same in. */
export const askedFor = ({ server, method, target }: CallRequest): string =>
  canonicalJson([server, method, target.name, target.args]);

const inputContext = (owner: Digest, request: CallRequest): string =>
  `input\n${owner}\n${sha256(askedFor(request))}`;

export const sealTask = (gateway: Gateway, owner: Digest, handle: TaskHandle): string =>
  seal(gateway, `task\n${owner}`, handle, TASK_MS);

/** @throws CountersignError params_invalid; the same for forged, foreign and expired ones */
export const openTask = (gateway: Gateway, owner: Digest, text: unknown): TaskHandle => {
  const handle = open<TaskHandle>(gateway, `task\n${owner}`, text);
  if (handle === undefined) throw new CountersignError('params_invalid', 'taskId');
  return handle;
};
