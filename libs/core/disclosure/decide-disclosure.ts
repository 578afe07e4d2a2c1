import type { Person } from '../approval/approval.events.js';
import { type CastVote, checkVote, hasExpired, isMet, samePerson } from '../approval/decide-approval.js';
import { CountersignError } from '../errors.js';
import { canonicalJson, type JsonObject } from '../evidence/canonical-json.js';
import type { HashFunction } from '../hash.js';
import { saidText } from '../visible-text.js';
import type { DisclosureEvent, DisclosureRequested } from './disclosure.events.js';
import type { DisclosureState } from './disclosure.state.js';

/** @throws CountersignError reason_missing, forbidden for a machine */
export const decideDisclosureRequest = (
  hash: HashFunction,
  request: Omit<DisclosureRequested['data'], 'digest'>,
  isMachine: boolean,
): readonly [DisclosureRequested] => {
  if (isMachine) throw new CountersignError('forbidden', 'only a person may ask for a sealed original');
  const reason = saidText(request.reason);
  if (reason === '') throw new CountersignError('reason_missing', 'say why the original is needed');
  const bound = { ...request, reason };
  const digest = hash(canonicalJson(bound as unknown as JsonObject));
  return [{ type: 'DisclosureRequested', v: 1, data: { ...bound, digest } }];
};

/** @throws CountersignError approval_unknown, approval_closed, approval_expired, and those of `checkVote` */
export const decideDisclosureVote = (
  state: DisclosureState,
  command: CastVote,
): readonly DisclosureEvent[] => {
  if (state.status === 'none') throw new CountersignError('approval_unknown');
  if (state.status !== 'pending') throw new CountersignError('approval_closed', `it is ${state.status}`);
  const { request, votes } = state;
  if (hasExpired(request.expiresAt, command.now)) throw new CountersignError('approval_expired');
  const vote = checkVote(request, votes, command);
  const voted: DisclosureEvent = { type: 'DisclosureVoted', v: 1, data: vote };
  if (vote.vote === 'deny') return [voted, { type: 'DisclosureDenied', v: 1, data: { reason: vote.reason } }];
  if (!isMet(request, [...votes, vote])) return [voted];
  const until = new Date(Date.parse(command.now) + request.box_ms).toISOString();
  return [voted, { type: 'DisclosureGranted', v: 1, data: { digest: request.digest, until } }];
};

/** @throws CountersignError disclosure_not_open unless it is granted, to this person, and its time box is open */
export const requireOpen = (
  state: DisclosureState,
  person: Person,
  now: string,
): DisclosureRequested['data'] => {
  if (state.status !== 'granted') throw new CountersignError('disclosure_not_open', `it is ${state.status}`);
  if (hasExpired(state.until, now))
    throw new CountersignError('disclosure_not_open', `it ended at ${state.until}`);
  if (!samePerson(state.request.requester, person))
    throw new CountersignError('disclosure_not_open', 'somebody else has asked for it');
  return state.request;
};

/** @throws CountersignError disclosure_not_open */
export const decideOpening = (
  state: DisclosureState,
  person: Person,
  now: string,
): readonly DisclosureEvent[] => {
  const { commit } = requireOpen(state, person, now);
  return [{ type: 'DisclosureOpened', v: 1, data: { by: person, commit } }];
};
