import type { CallReturned, ResultMasked } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { EventToRecord } from '#core/evidence/build-append.js';
import { countsByKind, maskedPayload } from '#core/masking/masked-payload.js';
import type { Gateway } from '../gateway.js';
import type { Decided } from './decide.js';
import type { Returned } from './forward.js';
import type { Masked } from './mask.js';
import { toRecord } from './record.js';

type Answered = Extract<Returned, { kind: 'result' | 'error' }>;

/** CallReturned: the upstream's bytes, sealed before anything else happens to them. */
const returnedEvent = (gateway: Gateway, { kind, bytes, elapsed_us }: Answered): EventToRecord => {
  const { sealed, payload } = gateway.sealer().seal(bytes);
  const event: CallReturned = { type: 'CallReturned', v: 1, data: { elapsed_us, kind }, payload };
  return toRecord(event, sealed);
};

/** The one append behind a masked answer: CallReturned, ResultMasked, CallCompleted. */
export const completedEvents = (
  gateway: Gateway,
  decided: Decided,
  returned: Answered,
  masked: Masked,
  unfinished: 'input_required' | 'task' | null,
): readonly EventToRecord[] => {
  const { sealed, payload } = gateway.sealer().seal(maskedPayload(masked.findings, masked.masked));
  const event: ResultMasked = {
    type: 'ResultMasked',
    v: 1,
    data: {
      blocked: masked.blocked,
      counts: countsByKind(masked.findings),
      engine: masked.engine,
      profileDigest: decided.profileDigest,
      surface: masked.surface,
    },
    payload,
  };
  return [
    returnedEvent(gateway, returned),
    toRecord(event, sealed),
    toRecord({ type: 'CallCompleted', v: 1, data: { outcome: unfinished ?? outcomeOf(returned) } }),
  ];
};

const outcomeOf = ({ kind, bytes }: Answered): 'result' | 'tool_error' | 'rpc_error' => {
  if (kind === 'error') return 'rpc_error';
  return isToolError(bytes) ? 'tool_error' : 'result';
};

/** An answer that could not be masked: the sealed original is kept, nothing is released. */
export const unmaskableEvents = (
  gateway: Gateway,
  returned: Answered,
  error: unknown,
): readonly EventToRecord[] => {
  const code = error instanceof CountersignError ? error.code : 'internal';
  return [
    returnedEvent(gateway, returned),
    toRecord({ type: 'CallFailed', v: 1, data: { code, detail: 'the answer was withheld' } }),
  ];
};

export const unfinishedEvents = (returned: Exclude<Returned, Answered>): readonly EventToRecord[] =>
  returned.kind === 'failed'
    ? [
        toRecord({
          type: 'CallFailed',
          v: 1,
          data: { code: returned.error.code, detail: returned.error.detail ?? '' },
        }),
      ]
    : [toRecord({ type: 'CallOutcomeUnknown', v: 1, data: { reason: returned.error.reason } })];

const IS_ERROR = '"isError"';
const TRUE_AFTER = /^\s*:\s*true/;

/** Parses only when the flag is written as true somewhere; nearly every answer is spared that. */
const isToolError = (bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = text.indexOf(IS_ERROR); at !== -1; at = text.indexOf(IS_ERROR, at + 1)) {
    const after = text.toString('latin1', at + IS_ERROR.length, at + IS_ERROR.length + 32);
    if (TRUE_AFTER.test(after))
      return (JSON.parse(text.toString('utf8')) as { isError?: unknown }).isError === true;
  }
  return false;
};
