import { hasExpired } from '../../approval/decide-approval.js';
import { CountersignError } from '../../errors.js';
import type { Digest } from '../../hash.js';
import type { PolicyActivated } from '../policy.events.js';
import type { ProposalState } from './proposal.state.js';

/** Which policy holds, folded from every `PolicyActivated` in the order of the log. */
export interface ActivationState {
  /** Null: nothing was ever activated. */
  readonly active: PolicyActivated['data'] | null;
  /** The last one that came from the file. */
  readonly file: Digest | null;
  /** Proposals that were activated. */
  readonly proposals: ReadonlySet<string>;
}

export const NOTHING_ACTIVE: ActivationState = { active: null, file: null, proposals: new Set() };

export const evolveActivation = (state: ActivationState, { data }: PolicyActivated): ActivationState => ({
  active: data,
  file: data.by === 'proposal' ? state.file : data.digest,
  proposals: data.proposal === undefined ? state.proposals : new Set(state.proposals).add(data.proposal),
});

export interface FileAtStart {
  readonly digest: Digest;
  readonly mode: 'development' | 'production';
  readonly instance: string;
}

/**
 * The file is activated when nothing ever was; later only in development, once it is another one than before. A policy that
 * people have approved is not undone by a restart with the same old file.
 */
export const decideFileActivation = (
  { active, file }: ActivationState,
  { digest, mode, instance }: FileAtStart,
): readonly PolicyActivated[] => {
  if (active !== null && (mode === 'production' || digest === file)) return [];
  return [activation({ digest, instance, by: 'file' }, active)];
};

export interface ProposalToActivate {
  readonly id: string;
  readonly state: ProposalState;
  readonly instance: string;
  readonly now: string;
}

/** An approved proposal becomes active once, in its time, and only in place of the policy it was proposed to replace. */
export const decideProposalActivation = (
  current: ActivationState,
  { id, state, instance, now }: ProposalToActivate,
): readonly PolicyActivated[] => {
  if (current.proposals.has(id) || state.status !== 'approved') return [];
  const { policyDigest, replaces, expiresAt } = state.request;
  if (current.active?.digest !== replaces || hasExpired(expiresAt, now)) return [];
  return [activation({ digest: policyDigest, instance, by: 'proposal', proposal: id }, current.active)];
};

/**
 * What the ledger asks of an activation before it stores it, so that no service can activate a proposal that people have not
 * approved.
 * @throws CountersignError approval_stale
 */
export const checkActivation = (
  current: ActivationState,
  { data }: PolicyActivated,
  proposal: ProposalState,
  time: string,
): void => {
  const id = data.proposal ?? '';
  const [allowed] = decideProposalActivation(current, {
    id,
    state: proposal,
    instance: data.instance,
    now: time,
  });
  const isSame = allowed?.data.digest === data.digest && allowed.data.replaces === data.replaces;
  if (!isSame) throw new CountersignError('approval_stale', `proposal ${id} is ${proposal.status}`);
};

const activation = (
  data: PolicyActivated['data'],
  replaced: PolicyActivated['data'] | null,
): PolicyActivated => ({
  type: 'PolicyActivated',
  v: 1,
  data: replaced === null ? data : { ...data, replaces: replaced.digest },
});
