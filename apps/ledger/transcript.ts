import { type Bus } from '#bus/bus.js';
import { maskingOpen } from '#contracts/masking.js';
import { type ApprovalEvent, approvalStream } from '#core/approval/approval.events.js';
import type { CallEvent, InputAnswered, InputRequested } from '#core/call/call.events.js';
import { callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, knownEvent, readEntry, requireKnown } from '#core/evidence/read-entry.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';

interface Read {
  readonly stored: StoredEvent;
  readonly entry: Entry;
}

const isKnown = (entry: Entry): boolean => knownEvent(entry) !== undefined;
/** Said of every event whose data this release cannot read: what is shown of the call may lack something. */
const unknownVersion = (entry: Entry) => (isKnown(entry) ? {} : { unknown_version: entry.v });

const find = <Type extends CallEvent['type']>(events: readonly Read[], type: Type) => {
  const found = events.findLast(({ entry }) => entry.type === type && isKnown(entry));
  return found === undefined
    ? undefined
    : { ...found, event: asEvent<Extract<CallEvent, { type: Type }>>(found.entry) };
};

/**
 * One call as the examiner reads it: straight from the event store, payloads opened by the masking service. The
 * original result stays sealed; the exact request and the masked response are shown. Without `contents` nothing is
 * opened: the same transcript, with null for what was sent and answered.
 * @throws CountersignError not_found, event_unknown, masking_unavailable, ledger_unavailable
 */
export const readTranscript = async (
  store: EventStore,
  bus: Bus,
  callId: string,
  contents: 'shown' | 'withheld' = 'shown',
) => {
  const events = await readEvents(store, callStream(callId));
  const requested = find(events, 'CallRequested');
  if (requested === undefined) {
    requireKnown(events.map(({ entry }) => entry));
    throw new CountersignError('not_found', `no call ${callId}`);
  }
  const open = async (read: Read): Promise<unknown> => {
    const { stored, entry } = read;
    if (contents === 'withheld' || stored.attachment === undefined || entry.payload === undefined)
      return null;
    const { bytes } = await bus.request(maskingOpen, {
      sealed: stored.attachment,
      commit: entry.payload.commit,
      purpose: 'transcript',
    });
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  };
  const held = find(events, 'CallHeld');
  const intended = find(events, 'ForwardIntended');
  // Its own, or that of the call it continues or whose grant it runs under.
  const approvalId = held?.event.data.approvalId ?? intended?.event.data.approvalId ?? null;
  const masked = find(events, 'ResultMasked');
  const opened =
    masked === undefined ? null : ((await open(masked)) as { findings: unknown; masked: unknown } | null);
  const { caller, agent, endpoint, protocol, server, tool, toolDigest } = requested.event.data;
  const { method = 'tools/call', continues } = requested.event.data;
  const continuedBy = find(events, 'CallContinued')?.event.data.by;
  return {
    id: callId,
    contents,
    time: requested.entry.time,
    caller,
    agent,
    endpoint,
    protocol,
    method,
    server,
    tool,
    toolDigest,
    ...(continues === undefined ? {} : { continues }),
    ...(continuedBy === undefined ? {} : { continuedBy }),
    request: await open(requested),
    decisions: events
      .filter(({ entry }) => entry.type === 'CallDecided' && isKnown(entry))
      .map(({ entry }) => ({ time: entry.time, ...entry.data })),
    approval: approvalId === null ? null : await readApproval(store, approvalId),
    masking: masked === undefined ? null : { ...masked.event.data, findings: opened?.findings ?? null },
    questions: await readQuestions(events, open),
    response: opened?.masked ?? null,
    outcome: outcomeOf(events),
    events: events.map(({ stored, entry }) => ({
      id: stored.id,
      type: stored.type,
      revision: stored.revision,
      position: stored.position.toString(),
      time: entry.time,
      data: entry.data,
      ...unknownVersion(entry),
    })),
  };
};

/** What the upstream asked while it had the call, as it was shown, and what the caller answered. */
const readQuestions = (events: readonly Read[], open: (read: Read) => Promise<unknown>) => {
  const answers = events.filter(({ entry }) => entry.type === 'InputAnswered' && isKnown(entry));
  const asked = events.filter(({ entry }) => entry.type === 'InputRequested' && isKnown(entry));
  return Promise.all(
    asked.map(async (read) => {
      const { question, method, because, decision } = asEvent<InputRequested>(read.entry).data;
      const answer = answers.find(({ entry }) => asEvent<InputAnswered>(entry).data.question === question);
      return {
        question,
        time: read.entry.time,
        method,
        decision,
        because,
        shown: await open(read),
        answer: answer === undefined ? null : await readAnswer(answer, open),
      };
    }),
  );
};

const readAnswer = async (answer: Read, open: (read: Read) => Promise<unknown>) => ({
  time: answer.entry.time,
  outcome: asEvent<InputAnswered>(answer.entry).data.outcome,
  given: await open(answer),
});

const readApproval = async (store: EventStore, approvalId: string) => {
  const events = await readEvents(store, approvalStream(approvalId));
  return {
    id: approvalId,
    events: events.map(({ stored, entry }) => ({
      id: stored.id,
      type: stored.type,
      time: entry.time,
      data: knownEvent<ApprovalEvent>(entry)?.data ?? entry.data,
      ...unknownVersion(entry),
    })),
  };
};

const ENDS = ['CallDenied', 'CallCancelled', 'CallCompleted', 'CallFailed', 'CallOutcomeUnknown'];

const outcomeOf = (events: readonly Read[]): unknown => {
  // What cannot be read may have ended the call, or opened it again: then the outcome is not for this release to say.
  const end = events.findLast(({ entry }) => ENDS.includes(entry.type) || !isKnown(entry));
  if (end !== undefined && !isKnown(end.entry))
    return { type: end.entry.type, time: end.entry.time, ...unknownVersion(end.entry) };
  return end === undefined
    ? { type: events.at(-1)?.entry.type ?? null }
    : { type: end.entry.type, time: end.entry.time, ...end.entry.data };
};

const readEvents = async (store: EventStore, stream: string): Promise<readonly Read[]> => {
  try {
    return (await store.readStream(stream)).map((stored) => ({ stored, entry: readEntry(stored.entry) }));
  } catch (error) {
    throw new CountersignError('ledger_unavailable', (error as Error).name);
  }
};
