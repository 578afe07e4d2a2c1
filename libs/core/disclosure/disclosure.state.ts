import type { CountedVote } from '../approval/decide-approval.js';
import type { DisclosureEvent, DisclosureRequested } from './disclosure.events.js';

interface Asked {
  readonly request: DisclosureRequested['data'];
  readonly votes: readonly CountedVote[];
  readonly opened: number;
}

export type DisclosureState =
  | { readonly status: 'none' }
  | ({ readonly status: 'pending' } & Asked)
  | ({ readonly status: 'granted'; readonly until: string } & Asked)
  | ({ readonly status: 'denied'; readonly reason: string } & Asked);

export const NO_DISCLOSURE: DisclosureState = { status: 'none' };

export const evolveDisclosure = (state: DisclosureState, event: DisclosureEvent): DisclosureState => {
  if (event.type === 'DisclosureRequested')
    return { status: 'pending', request: event.data, votes: [], opened: 0 };
  if (state.status === 'none') return state;
  const { request, votes, opened } = state;
  switch (event.type) {
    case 'DisclosureVoted':
      return { ...state, votes: [...votes, event.data] };
    case 'DisclosureGranted':
      return { status: 'granted', until: event.data.until, request, votes, opened };
    case 'DisclosureDenied':
      return { status: 'denied', reason: event.data.reason, request, votes, opened };
    case 'DisclosureOpened':
      return { ...state, opened: opened + 1 };
  }
};
