import type { CallEvent } from '#core/call/call.events.js';

/** The events that change a row; the others are not even read. */
export const PROJECTED_TYPES = [
  'CallRequested',
  'CallDecided',
  'ForwardIntended',
  'CallHeld',
  'CallDenied',
  'CallCancelled',
  'ResultMasked',
  'CallCompleted',
  'CallFailed',
  'CallOutcomeUnknown',
] as const satisfies readonly CallEvent['type'][];

export interface CallInsert {
  readonly principal: string;
  readonly client: string;
  readonly agent: string | null;
  readonly method: string;
  readonly server: string;
  readonly tool: string;
}

export interface CallChange {
  readonly insert?: CallInsert;
  readonly decision?: string;
  readonly kind?: string | null;
  readonly rules?: readonly string[];
  readonly policyDigest?: string;
  readonly outcome?: string;
  readonly masked?: { readonly [kind: string]: number };
  readonly approvalId?: string;
}

/** Of an event that this release cannot read: the list says so instead of where the call stood before. */
export const UNKNOWN_VERSION: CallChange = { outcome: 'unknown_version' };

/** What one event changes in a call's row. Pure; the worker only writes it down. */
export const projectCall = (event: CallEvent): CallChange => {
  switch (event.type) {
    case 'CallRequested': {
      const { caller, agent, method = 'tools/call', server, tool } = event.data;
      const { principal, client } = caller;
      return { insert: { principal, client, agent: agent?.name ?? null, method, server, tool } };
    }
    case 'CallDecided': {
      const { policyDigest, decision } = event.data;
      return { decision: decision.effect, kind: decision.kind, rules: decision.rules, policyDigest };
    }
    case 'ForwardIntended':
      return {
        outcome: 'forwarding',
        ...(event.data.approvalId !== null && { approvalId: event.data.approvalId }),
      };
    case 'CallHeld':
      return { outcome: 'held', approvalId: event.data.approvalId };
    case 'CallDenied':
      return {
        outcome:
          event.data.code === 'call_denied' || event.data.code === 'tool_unknown'
            ? 'denied'
            : event.data.code,
      };
    case 'CallCancelled':
      return { outcome: 'cancelled' };
    case 'ResultMasked':
      return { masked: event.data.counts };
    case 'CallCompleted':
      return { outcome: event.data.outcome === 'result' ? 'completed' : event.data.outcome };
    case 'CallFailed':
      return { outcome: 'failed' };
    case 'CallOutcomeUnknown':
      return { outcome: 'unknown' };
    case 'CallRepeated':
    case 'HoldEnded':
    case 'InputRequested':
    case 'InputAnswered':
    case 'MessageReleased':
    case 'CallContinued':
    case 'CallReturned':
      return {};
  }
};
