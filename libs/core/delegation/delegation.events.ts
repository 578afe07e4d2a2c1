import type { Person } from '../approval/approval.events.js';

/** For a time one person lets another vote with roles of theirs. Optional limits absent: none besides the time. */
export interface DelegationGranted {
  readonly type: 'DelegationGranted';
  readonly v: 1;
  readonly data: {
    readonly delegator: Person;
    /** The account, as its tokens name it. */
    readonly delegate: Person;
    readonly roles: readonly string[];
    readonly from: string;
    readonly until: string;
    readonly uses?: number;
    readonly servers?: readonly string[];
    /** `server/tool` */
    readonly tools?: readonly string[];
    readonly reason: string;
  };
}

/** On record before the vote it is for. A crash between the two loses the use, and adds none. */
export interface DelegationUsed {
  readonly type: 'DelegationUsed';
  readonly v: 1;
  readonly data: {
    readonly approvalId: string;
    /** 1, 2, ... */
    readonly use: number;
  };
}

export interface DelegationRevoked {
  readonly type: 'DelegationRevoked';
  readonly v: 1;
  readonly data: { readonly by: Person; readonly reason: string };
}

export type DelegationEvent = DelegationGranted | DelegationUsed | DelegationRevoked;

const TYPES: Readonly<Record<DelegationEvent['type'], true>> = {
  DelegationGranted: true,
  DelegationUsed: true,
  DelegationRevoked: true,
};

/** For whoever follows delegations: none can be missing. */
export const DELEGATION_EVENT_TYPES = Object.keys(TYPES) as readonly DelegationEvent['type'][];

export const delegationStream = (delegationId: string): string => `delegation-${delegationId}`;
