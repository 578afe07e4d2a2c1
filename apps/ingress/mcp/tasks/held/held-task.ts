import { approvalAwait } from '#contracts/approval.js';
import { maskingReleased } from '#contracts/masking.js';
import type {
  CallCancelled,
  CallCompleted,
  CallContinued,
  CallDenied,
  CallEvent,
  CallFailed,
} from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import { readCall } from '../../../call/record.js';
import type { HeldCall } from '../../../call/waiting/approval-pending.js';
import type { Gateway } from '../../../gateway.js';
import { jsonOf, memberBytes } from '../about-task.js';

/** How a held call stands, as its task tells it. Everything is read from the ledger: any replica can, at any time. */
export type HeldTaskState = { readonly createdAt: string; readonly updatedAt: string } & (
  | { readonly status: 'waiting'; readonly isGranted: boolean }
  | { readonly status: 'running' }
  | { readonly status: 'released'; readonly kind: 'result' | 'error'; readonly bytes: Uint8Array }
  | { readonly status: 'refused'; readonly refusal: CountersignError }
  | { readonly status: 'cancelled'; readonly reason: string }
  /** The server wants input: `callId` is the call to continue. */
  | { readonly status: 'asks'; readonly callId: string; readonly asked: JsonObject }
  /** The server has made a task of it. */
  | { readonly status: 'of server'; readonly taskId: string }
);

/** Continuations that are followed; more than any client makes. */
const CONTINUED_MAX = 32;

/** @throws CountersignError ledger_unavailable, masking_unavailable, event_unknown */
export const readHeldTask = async (
  gateway: Gateway,
  held: HeldCall,
  wait_ms: number,
): Promise<HeldTaskState> => {
  const first = await entriesOf(gateway, held.callId);
  const createdAt = first[0]?.time ?? gateway.now().toISOString();
  let [callId, entries] = [held.callId, first];
  for (let step = 0; step < CONTINUED_MAX; step++) {
    const last = entries.at(-1);
    const times = { createdAt, updatedAt: last?.time ?? createdAt };
    if (last?.type === 'CallContinued') {
      callId = asEvent<CallContinued>(last).data.by;
      entries = await entriesOf(gateway, callId);
      continue;
    }
    return { ...times, ...(await standing(gateway, held.approvalId, { callId, last }, wait_ms)) };
  }
  throw new CountersignError('internal', 'the call was continued too often');
};

const entriesOf = async (gateway: Gateway, callId: string): Promise<readonly Entry[]> =>
  (await readCall(gateway, callId)).map(({ entry }) => readEntry(entry));

type Standing = HeldTaskState extends infer Each
  ? Each extends HeldTaskState
    ? Omit<Each, 'createdAt' | 'updatedAt'>
    : never
  : never;

const standing = async (
  gateway: Gateway,
  approvalId: string,
  { callId, last }: { readonly callId: string; readonly last: Entry | undefined },
  wait_ms: number,
): Promise<Standing> => {
  // A crash between the claim of a continuation and its first append leaves this; nothing ran.
  if (last === undefined) return refused('revision_conflict', 'the answer was lost before it was recorded');
  const event = asEvent<CallEvent>(last);
  switch (event.type) {
    case 'CallHeld':
    case 'CallRepeated': {
      const { status } = await gateway.bus.request(approvalAwait, { approvalId, wait_ms }).catch(notSeenYet);
      return { status: 'waiting', isGranted: status === 'granted' };
    }
    case 'CallCompleted':
      return completed(gateway, callId, event);
    case 'CallDenied':
      return refusedBy(event);
    case 'CallFailed':
      return refusedBy(event);
    case 'CallOutcomeUnknown':
      return refused('outcome_unknown', event.data.reason);
    case 'CallCancelled':
      return cancelledBy(event);
    default:
      return { status: 'running' };
  }
};

/** The call is on record as held: a replica of the approval service that does not know its approval is a moment behind. */
const notSeenYet = (error: unknown): { readonly status: 'pending' } => {
  if (error instanceof CountersignError && error.code === 'approval_unknown') return { status: 'pending' };
  throw error;
};

const refused = (...refusal: ConstructorParameters<typeof CountersignError>): Standing => ({
  status: 'refused',
  refusal: new CountersignError(...refusal),
});

const refusedBy = ({ data }: CallDenied | CallFailed): Standing =>
  refused(data.code, 'reason' in data ? data.reason : data.detail);

const cancelledBy = ({ data: { reason } }: CallCancelled): Standing => ({ status: 'cancelled', reason });

const completed = async (
  gateway: Gateway,
  callId: string,
  { data: { outcome } }: CallCompleted,
): Promise<Standing> => {
  const { kind, payload } = await gateway.bus.request(maskingReleased, { callId });
  const bytes = memberBytes(payload, 'masked');
  if (bytes === undefined) throw new CountersignError('masking_unavailable', 'nothing masked');
  if (outcome === 'input_required') return { status: 'asks', callId, asked: jsonOf(bytes) };
  if (outcome !== 'task') return { status: 'released', kind, bytes };
  const { task, taskId = (task as JsonObject | undefined)?.['taskId'] } = jsonOf(bytes);
  return { status: 'of server', taskId: String(taskId) };
};
