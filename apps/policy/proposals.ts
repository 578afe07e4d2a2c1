import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from '#config/config.schema.js';
import { CountersignError } from '#core/errors.js';
import type { Digest } from '#core/hash.js';
import { diffPolicies, type PolicyDiff } from '#core/policy/explain/diff-policies.js';
import {
  decideProposal,
  decideProposalVote,
  decideProposalWithdrawal,
} from '#core/policy/proposal/decide-proposal.js';
import type { KnownProposal } from '#core/policy/proposal/proposal.state.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { callerActor } from '#http/record-refusal.js';
import { type RestCaller, requireRole } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { type PolicyFile, PolicyFileError, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { sha256 } from '#sealing/sha256.js';
import { Activator } from './activator.js';
import { Bundles } from './bundles.js';
import { PolicyLog } from './policy-log.js';
import { ProposalStreams } from './proposal-streams.js';

/** With the page size of `PolicyLog`, what fits into one message of the bus. */
export const PROPOSAL_BYTES_MAX = 512 * 1024;
export const PENDING_MAX = 50;
const DETAIL_CHARS_MAX = 4_000;

export interface Vote {
  readonly vote: 'approve' | 'deny';
  readonly digest: string | undefined;
  readonly reason: string | undefined;
}

/** A proposal as people see it. */
export interface ProposalView {
  readonly id: string;
  readonly proposedAt: string;
  readonly state: KnownProposal;
}

/** Four eyes over the policy: one owner proposes, another one approves exactly that in place of exactly the active one. */
@Injectable()
export class Proposals {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Bundles) private readonly bundles: Bundles,
    @Inject(PolicyLog) private readonly log: PolicyLog,
    @Inject(Activator) private readonly activator: Activator,
    @Inject(ProposalStreams) private readonly streams: ProposalStreams,
  ) {}

  /** @throws CountersignError forbidden, body_too_large, policy_refused, reason_missing, proposals_full, ledger_* */
  async propose(caller: RestCaller, text: string, reason: string): Promise<ProposalView> {
    const { owners, vote_ms } = this.config.policy;
    requireRole(caller, owners);
    const bytes = Buffer.from(text);
    if (bytes.length > PROPOSAL_BYTES_MAX)
      throw new CountersignError(
        'body_too_large',
        `policies up to ${PROPOSAL_BYTES_MAX} bytes can be proposed`,
      );
    const { bundle, digest } = compiled(text);
    const replaces = await this.activeNow();
    if (this.log.proposals().filter(({ state }) => state.status === 'pending').length >= PENDING_MAX)
      throw new CountersignError('proposals_full', `${PENDING_MAX} are pending`);
    const proposal = randomUUID();
    const request = {
      proposal,
      policyDigest: digest,
      name: bundle.name,
      replaces,
      proposer: { ...personOf(caller), client: caller.clientId },
      reason,
      requirements: [{ by: owners, count: 1 }],
      expiresAt: new Date(Date.now() + vote_ms).toISOString(),
    };
    const proposing = {
      request,
      text: { commit: sha256(bytes), bytes: bytes.length },
      isMachine: caller.isMachine,
      roles: heldRoles(bundle),
    };
    const events = decideProposal(sha256, proposing);
    await this.bundles.record(digest, bundle);
    await this.streams.execute(proposal, callerActor(caller), () => events, bytes);
    await this.log.catchUp();
    return this.streams.read(proposal);
  }

  /** @throws CountersignError of `decideProposalVote`, ledger_* */
  async vote(caller: RestCaller, id: string, vote: Vote): Promise<ProposalView> {
    const { clientId, isMachine, roles } = caller;
    const client = this.config.approvals.human_clients.includes(clientId) ? undefined : clientId;
    const active = await this.activeNow();
    const now = new Date().toISOString();
    const cast = { ...vote, approver: personOf(caller), roles, isMachine, client, now };
    const state = await this.streams.execute(id, callerActor(caller), (current) =>
      decideProposalVote(current, cast, active),
    );
    if (state.status === 'approved')
      await this.activator.settle().catch((error: unknown) => {
        // The approval is on record: every replica goes on trying.
        this.logger.warn({ err: error, proposal: id }, 'an approved policy could not be activated yet');
      });
    else await this.log.catchUp();
    return this.streams.read(id);
  }

  /** @throws CountersignError of `decideProposalWithdrawal`, ledger_* */
  async withdraw(caller: RestCaller, id: string, reason: string): Promise<ProposalView> {
    const by = personOf(caller);
    await this.streams.execute(id, callerActor(caller), (state) =>
      decideProposalWithdrawal(state, by, reason),
    );
    await this.log.catchUp();
    return this.streams.read(id);
  }

  /** @throws CountersignError policy_unavailable when one of them cannot be read; ledger_* */
  async diff({ replaces, policyDigest }: KnownProposal['request']): Promise<PolicyDiff> {
    const [before, after] = await Promise.all([this.bundles.load(replaces), this.bundles.load(policyDigest)]);
    return diffPolicies(before, after);
  }

  /** As the log has it, not as this process has followed it. */
  private async activeNow(): Promise<Digest> {
    await this.log.catchUp();
    const { active } = this.log.activations;
    if (active === null) throw new CountersignError('policy_unavailable', 'no policy is active yet');
    return active.digest;
  }
}

/** Roles that somebody can have. */
const heldRoles = ({ roles }: PolicyFile['bundle']): readonly string[] =>
  Object.entries(roles).flatMap(([role, { groups }]) => (groups.length === 0 ? [] : [role]));

/** @throws CountersignError policy_refused, with every problem of the file as far as there is room */
const compiled = (text: string): PolicyFile => {
  try {
    return parsePolicyFile(text, 'policy');
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error;
    throw new CountersignError('policy_refused', error.message.slice(0, DETAIL_CHARS_MAX));
  }
};
