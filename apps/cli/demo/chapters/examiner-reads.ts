import { setTimeout as pause } from 'node:timers/promises';
import type { ReplaySummary } from '../../../ledger/replay/report.js';
import type { CallItem, Page } from '../../commands/calls.js';
import type { Api } from '../../server/api.js';
import { type Transcript, transcriptText } from '../../transcript-text.js';
import type { Story } from '../story.js';

/** What must be on record of each call, in this order. */
const EXPECTED: readonly {
  readonly what: string;
  readonly is: (call: CallItem) => boolean;
  readonly events: readonly string[];
}[] = [
  {
    what: 'the masked read',
    is: ({ tool }) => tool === 'query_customers',
    events: [
      'CallRequested',
      'CallDecided',
      'ForwardIntended',
      'CallReturned',
      'ResultMasked',
      'CallCompleted',
    ],
  },
  {
    what: 'the denied write',
    is: ({ tool, principal }) => tool === 'update_customer' && principal === 'risk-analyst',
    events: ['CallRequested', 'CallDecided', 'CallDenied'],
  },
  {
    what: 'the approved write',
    is: ({ tool, principal }) => tool === 'update_customer' && principal === 'data-engineer',
    events: [
      'CallRequested',
      'CallDecided',
      'CallHeld',
      'CallDecided',
      'HoldEnded',
      'ForwardIntended',
      'CallReturned',
      'ResultMasked',
      'CallCompleted',
    ],
  },
];
const PAYLOAD_LINES = 12;
const LOOKS = 50;
const LOOK_MS = 100;

/** The transcripts of all three calls, and the replay of every decision and masking. */
export const examinerReads = async (story: Story): Promise<void> => {
  const { tell, check } = story;
  const examiner = await story.ledgerAs('examiner');
  const calls = await recordedCalls(examiner);
  tell(`The examiner lists the calls; ${calls.length} are on record. Three transcripts:`);
  for (const { what, is, events } of EXPECTED) {
    const call = calls.find(is);
    check(`${what} is on record`, call !== undefined, calls);
    if (call !== undefined) await readTranscript(story, examiner, { what, id: call.id, events });
  }
  tell('Every recorded decision and masking is run again from its recorded inputs:');
  const { checked, identical, different } = await examiner.post<ReplaySummary>('/ledger/replay', {});
  // Four calls: each decided at least once (the held one twice), three of them masked.
  check(
    `replay: ${checked} checked, ${identical} identical, ${different.length} different`,
    checked >= 8 && identical === checked && different.length === 0,
    different,
  );
};

/** The list follows the log a moment behind. */
const recordedCalls = async (examiner: Api): Promise<readonly CallItem[]> => {
  for (let look = 1; ; look++) {
    const { items } = await examiner.get<Page<CallItem>>('/ledger/calls');
    const finished = items.filter(({ outcome }) => outcome === 'completed' || outcome === 'denied');
    if (finished.length >= EXPECTED.length + 1 || look === LOOKS) return items;
    await pause(LOOK_MS);
  }
};

const readTranscript = async (
  { tell, exhibit, check }: Story,
  examiner: Api,
  { what, id, events }: { readonly what: string; readonly id: string; readonly events: readonly string[] },
): Promise<void> => {
  const transcript = await examiner.get<Transcript>(`/ledger/calls/${id}`);
  tell(`\n  ${what}:`);
  exhibit(transcriptText(transcript, PAYLOAD_LINES));
  // What the server said while it worked is on record too, as often as it said something.
  const seen = transcript.events.map(({ type }) => type).filter((type) => type !== 'MessageReleased');
  check(`its record is ${events.join(', ')}`, JSON.stringify(seen) === JSON.stringify(events), seen);
  if (transcript.approval !== null) {
    const approver = transcript.approval.events.map(
      ({ data }) => (data['approver'] as { principal?: string } | undefined)?.principal,
    );
    check('the record names who approved it', approver.includes('manager-1'), transcript.approval);
  }
};
