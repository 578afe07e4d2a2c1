import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream, readState } from '#bus/decide-on-stream.js';
import { CountersignError } from '#core/errors.js';
import type { Actor } from '#core/evidence/entry.js';
import { type ProposalEvent, proposalStream } from '#core/policy/proposal/proposal.events.js';
import {
  evolveProposal,
  type KnownProposal,
  NO_PROPOSAL,
  type ProposalState,
} from '#core/policy/proposal/proposal.state.js';

export interface ReadProposal {
  readonly id: string;
  readonly proposedAt: string;
  readonly state: KnownProposal;
  /** Of the file, as proposed. */
  readonly text: string;
}

/** Proposals in the ledger; their streams are the only truth about them. */
@Injectable()
export class ProposalStreams {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  /** @throws CountersignError proposal_unknown, event_unknown, ledger_* */
  async read(id: string): Promise<ReadProposal> {
    const { state, entries } = await readState<ProposalState, ProposalEvent>(this.bus, streamOf(id));
    const [first] = entries;
    if (state.status === 'none' || first === undefined) throw new CountersignError('proposal_unknown');
    const text = Buffer.from(first.attachment ?? []).toString('utf8');
    return { id, proposedAt: first.entry.time, state, text };
  }

  /** @throws CountersignError of `decide`, event_unknown, ledger_*, revision_conflict */
  async execute(
    id: string,
    actor: Actor,
    decide: (state: ProposalState) => readonly ProposalEvent[],
    text?: Uint8Array,
  ): Promise<ProposalState> {
    const { state } = await decideOnStream<ProposalState, ProposalEvent>(this.bus, {
      ...streamOf(id),
      decide,
      actor,
      correlation: () => id,
      causation: id,
      attachmentOf: ({ type }) => (type === 'PolicyProposed' ? text : undefined),
    });
    return state;
  }
}

const streamOf = (id: string) => ({
  stream: proposalStream(id),
  initial: NO_PROPOSAL,
  evolve: evolveProposal,
});
