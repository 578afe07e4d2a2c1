import type { CallEvent } from './call.events.js';

/**
 * Where a call stands. Only `forwarding` may be followed by an outcome, and only an allowed decision or a granted hold by
 * ForwardIntended: that is promise G4, checked again by the ledger where the append happens.
 */
export type CallState =
  | { readonly kind: 'none' }
  | { readonly kind: 'requested' }
  | {
      readonly kind: 'decided';
      readonly effect: 'allow' | 'deny' | 'approval';
      readonly approvalId: string | null;
    }
  | { readonly kind: 'held'; readonly approvalId: string }
  | { readonly kind: 'released'; readonly approvalId: string; readonly granted: boolean }
  | { readonly kind: 'forwarding'; readonly instance: string }
  | { readonly kind: 'returned' }
  | { readonly kind: 'masked' }
  | { readonly kind: 'ended' };

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
  const heldApproval = 'approvalId' in state ? state.approvalId : null;
  switch (event.type) {
    case 'CallRequested':
      follows('none');
      return { kind: 'requested' };
    case 'CallDecided':
      follows('requested', 'held');
      return { kind: 'decided', effect: event.data.decision.effect, approvalId: heldApproval };
    case 'ForwardIntended': {
      follows('decided', 'released');
      const allowed =
        state.kind === 'released'
          ? state.granted
          : state.kind === 'decided' && state.effect === 'allow' && heldApproval === null;
      if (!allowed) throw new IllegalTransition(state.kind, event.type);
      return { kind: 'forwarding', instance: event.data.instance };
    }
    case 'CallHeld':
      follows('decided');
      return { kind: 'held', approvalId: event.data.approvalId };
    case 'CallRepeated':
      follows('held');
      return state;
    case 'HoldEnded': {
      follows('held', 'decided');
      const mayGrant =
        state.kind === 'decided' && state.effect !== 'deny' && heldApproval === event.data.approvalId;
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
      return { kind: 'ended' };
    case 'CallFailed':
      follows('forwarding', 'returned', 'masked');
      return { kind: 'ended' };
    case 'CallOutcomeUnknown':
      follows('forwarding');
      return { kind: 'ended' };
  }
};
