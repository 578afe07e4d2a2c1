import type { DelegationEvent, DelegationGranted, DelegationRevoked } from './delegation.events.js';

export type DelegationState =
  | { readonly status: 'none' }
  | {
      readonly status: 'granted' | 'revoked';
      readonly grant: DelegationGranted['data'];
      /** The approvals it was used for, in order. */
      readonly used: readonly string[];
      readonly revoked?: DelegationRevoked['data'];
    };

export type KnownDelegation = Exclude<DelegationState, { status: 'none' }>;

export const NO_DELEGATION: DelegationState = { status: 'none' };

export const evolveDelegation = (state: DelegationState, event: DelegationEvent): DelegationState => {
  if (event.type === 'DelegationGranted') return { status: 'granted', grant: event.data, used: [] };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'DelegationUsed':
      return { ...state, used: [...state.used, event.data.approvalId] };
    case 'DelegationRevoked':
      return { ...state, status: 'revoked', revoked: event.data };
  }
};
