import { CountersignError } from '#core/errors.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import { ACTIVATION_STREAM, type PolicyActivated } from '#core/policy/policy.events.js';
import {
  type ActivationState,
  checkActivation,
  evolveActivation,
  NOTHING_ACTIVE,
} from '#core/policy/proposal/activation.js';
import { type ProposalEvent, proposalStream } from '#core/policy/proposal/proposal.events.js';
import { evolveProposal, NO_PROPOSAL, type ProposalState } from '#core/policy/proposal/proposal.state.js';
import type { EventStore } from '#event-store/event-store.js';

const PAGE = 500;

/**
 * An activation that names a proposal needs that proposal approved, in its time, and in place of the policy that is active. The
 * expected revision of the append keeps it so: all such activations stand in one stream.
 * @throws CountersignError approval_stale, body_invalid, event_unknown
 */
export const checkPolicyActivation = async (store: EventStore, entry: Entry): Promise<void> => {
  const event = asEvent<PolicyActivated>(entry);
  const { proposal } = event.data;
  if (proposal === undefined && event.data.by !== 'proposal') return;
  if (entry.stream !== ACTIVATION_STREAM)
    throw new CountersignError('body_invalid', `proposals are activated in ${ACTIVATION_STREAM}`);
  const stored = await store.readStream(proposalStream(proposal ?? ''));
  const state = stored.reduce<ProposalState>(
    (before, { entry: bytes }) => evolveProposal(before, asEvent<ProposalEvent>(readEntry(bytes))),
    NO_PROPOSAL,
  );
  checkActivation(await readActivations(store), event, state, entry.time);
};

const readActivations = async (store: EventStore): Promise<ActivationState> => {
  let state = NOTHING_ACTIVE;
  for (let after: bigint | undefined; ; ) {
    const page = await store.readAll({
      limit: PAGE,
      types: ['PolicyActivated'],
      attachments: false,
      ...(after === undefined ? {} : { after }),
    });
    state = page.events.reduce(
      (before, { entry }) => evolveActivation(before, asEvent<PolicyActivated>(readEntry(entry))),
      state,
    );
    if (page.events.length === 0 || page.scannedTo === undefined) return state;
    after = page.scannedTo;
  }
};
