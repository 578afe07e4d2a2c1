import type { CallEvent, ForwardIntended } from './call.events.js';

/**
 * Where a call stands. Only `forwarding` may be followed by an outcome, and only an allowed decision, a granted hold, a
 * continuation of an approved call or a call under a grant by ForwardIntended: that is promise G4, checked again by the
 * ledger where the append happens. What stands in another stream, that of the continued call or of the granted approval,
 * only the ledger can check.
 */
export type CallState =
  | { readonly kind: 'none' }
  | { readonly kind: 'requested'; readonly continues?: string }
  | {
      readonly kind: 'decided';
      readonly effect: 'allow' | 'deny' | 'approval';
      readonly approvalId: string | null;
      readonly continues?: string;
    }
  | { readonly kind: 'held'; readonly approvalId: string }
  | { readonly kind: 'released'; readonly approvalId: string; readonly granted: boolean }
  | {
      readonly kind: 'forwarding';
      readonly instance: string;
      /** Questions the upstream has asked so far, and the numbers of those nobody has answered. */
      readonly asked: number;
      readonly open: readonly number[];
    }
  | { readonly kind: 'returned' }
  | { readonly kind: 'masked' }
  /** `awaitsInput`: it may still be continued, once, under its approval. */
  | { readonly kind: 'ended'; readonly awaitsInput?: true };

export const NO_CALL: CallState = { kind: 'none' };

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(state: CallState['kind'], event: string) {
    super(`${event} cannot follow a call that is ${state}`);
  }
}

/** @throws IllegalTransition when the event may not follow the state. */
export const evolveCall = (state: CallState, event: CallEvent): CallState => {
  const follows = (...kinds: readonly CallState['kind'][]): void => {
    if (!kinds.includes(state.kind)) throw new IllegalTransition(state.kind, event.type);
  };
  const continues = 'continues' in state ? { continues: state.continues } : {};
  const heldApproval = 'approvalId' in state ? state.approvalId : null;
  switch (event.type) {
    case 'CallRequested':
      follows('none');
      return {
        kind: 'requested',
        ...(event.data.continues === undefined ? {} : { continues: event.data.continues }),
      };
    case 'CallDecided':
      follows('requested', 'held');
      return { kind: 'decided', effect: event.data.decision.effect, approvalId: heldApproval, ...continues };
    case 'ForwardIntended': {
      follows('decided', 'released');
      if (!mayForward(state, event)) throw new IllegalTransition(state.kind, event.type);
      return { kind: 'forwarding', instance: event.data.instance, asked: 0, open: [] };
    }
    case 'InputRequested': {
      const { question } = event.data;
      if (state.kind !== 'forwarding' || question !== state.asked + 1)
        throw new IllegalTransition(state.kind, event.type);
      return { ...state, asked: question, open: [...state.open, question] };
    }
    case 'InputAnswered': {
      const { question } = event.data;
      if (state.kind !== 'forwarding' || !state.open.includes(question))
        throw new IllegalTransition(state.kind, event.type);
      return { ...state, open: state.open.filter((each) => each !== question) };
    }
    case 'MessageReleased':
      follows('forwarding');
      return state;
    case 'CallHeld':
      follows('decided');
      return { kind: 'held', approvalId: event.data.approvalId };
    case 'CallRepeated':
      follows('held');
      if (heldApproval !== event.data.approvalId) throw new IllegalTransition(state.kind, event.type);
      return state;
    case 'HoldEnded': {
      follows('held', 'decided');
      if (heldApproval !== event.data.approvalId) throw new IllegalTransition(state.kind, event.type);
      const mayGrant = state.kind === 'decided' && state.effect !== 'deny';
      return {
        kind: 'released',
        approvalId: event.data.approvalId,
        granted: mayGrant && event.data.because === 'granted',
      };
    }
    case 'CallDenied':
      follows('requested', 'decided', 'released');
      return { kind: 'ended' };
    case 'CallCancelled':
      follows('released');
      return { kind: 'ended' };
    case 'CallReturned':
      follows('forwarding');
      return { kind: 'returned' };
    case 'ResultMasked':
      follows('returned');
      return { kind: 'masked' };
    case 'CallCompleted':
      follows('masked');
      return { kind: 'ended', ...(event.data.outcome === 'input_required' ? { awaitsInput: true } : {}) };
    case 'CallContinued':
      if (state.kind !== 'ended' || state.awaitsInput !== true)
        throw new IllegalTransition(state.kind, event.type);
      return { kind: 'ended' };
    case 'CallFailed':
      follows('forwarding', 'returned', 'masked');
      return { kind: 'ended' };
    case 'CallOutcomeUnknown':
      follows('forwarding');
      return { kind: 'ended' };
    default:
      // An event of another noun: no type of a call may let it pass, and its stream may hold it all the same.
      throw new IllegalTransition(state.kind, (event as CallEvent).type);
  }
};

const mayForward = (state: CallState, { data }: ForwardIntended): boolean => {
  // The ledger looks the approval up by this id: without it, or with another, nobody would have checked it.
  if (state.kind === 'released')
    return state.granted && data.approvalId === state.approvalId && data.grantKey === undefined;
  if (state.kind !== 'decided' || state.approvalId !== null) return false;
  if (state.effect === 'allow') return data.grantKey === undefined;
  // Either it continues a call that was approved, or it runs under a grant: the ledger checks which, and that it may.
  return (
    state.effect === 'approval' &&
    data.approvalId !== null &&
    (state.continues !== undefined) !== (data.grantKey !== undefined)
  );
};
