import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { recordingRefusals } from '#http/record-refusal.js';
import { type RestCaller, requireRole, WhoCalls } from '#http/rest-caller.js';
import { Bundles } from '../bundles.js';
import { type CompiledFile, POLICY_FILE } from '../policy-file.js';
import { PolicyLog } from '../policy-log.js';
import { INSTANCE } from '../policy-service.js';
import { ProposalStreams } from '../proposal-streams.js';
import { Proposals, type ProposalView } from '../proposals.js';
import { ProposalsQuery, ProposalVoteBody, ProposalWithdrawBody, ProposeBody } from './policy.queries.js';

/** The active policy, and proposals for another one. */
@Controller('policy')
export class PolicyHttp {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(POLICY_FILE) private readonly file: CompiledFile,
    @Inject(Bundles) private readonly bundles: Bundles,
    @Inject(PolicyLog) private readonly log: PolicyLog,
    @Inject(ProposalStreams) private readonly streams: ProposalStreams,
    @Inject(Proposals) private readonly proposals: Proposals,
  ) {}

  @Get('active')
  active(@WhoCalls() caller: RestCaller) {
    return this.governed(caller, { act: 'show active' }, async () => {
      this.requireReader(caller);
      await this.log.catchUp();
      const { active } = this.log.activations;
      if (active === null) throw new CountersignError('policy_unavailable', 'no policy is active yet');
      const bundle = await this.bundles.load(active.digest);
      return {
        digest: active.digest,
        name: bundle.name,
        since: this.log.activeSince,
        by: active.by ?? 'file',
        proposal: active.proposal ?? null,
        /** Of the configured file as it was at the start of this process. */
        file: this.file.digest,
        policy: bundle,
      };
    });
  }

  @Post('proposals')
  async propose(@WhoCalls() caller: RestCaller, @Body() { policy, reason }: ProposeBody) {
    return this.governed(caller, { act: 'propose' }, async () =>
      this.whole(await this.proposals.propose(caller, policy, reason ?? '')),
    );
  }

  @Get('proposals')
  list(@WhoCalls() caller: RestCaller, @Query() { status, cursor, limit }: ProposalsQuery) {
    return this.governed(caller, { act: 'list' }, async () => {
      this.requireReader(caller);
      await this.log.catchUp();
      const all = this.log.proposals().filter(({ state }) => status === undefined || state.status === status);
      const start = Number(cursor ?? 0);
      const end = start + limit;
      return {
        items: all.slice(start, end).map((proposal) => this.item(proposal)),
        next: end < all.length ? String(end) : null,
      };
    });
  }

  /** With the text of the file, and what it would change. */
  @Get('proposals/:id')
  one(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    return this.governed(caller, { act: 'show', id }, async () => {
      this.requireReader(caller);
      await this.log.catchUp();
      const proposal = await this.streams.read(requireId(id));
      return { ...(await this.whole(proposal)), policy: proposal.text };
    });
  }

  @Post('proposals/:id/approve')
  @HttpCode(200)
  approve(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: ProposalVoteBody) {
    return this.vote('approve', caller, id, body);
  }

  @Post('proposals/:id/deny')
  @HttpCode(200)
  deny(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: ProposalVoteBody) {
    return this.vote('deny', caller, id, body);
  }

  @Post('proposals/:id/withdraw')
  @HttpCode(200)
  withdraw(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: ProposalWithdrawBody) {
    const reason = body.reason?.trim() || 'withdrawn by the proposer';
    return this.governed(caller, { act: 'withdraw', id }, async () =>
      this.item(await this.proposals.withdraw(caller, requireId(id), reason)),
    );
  }

  private vote(
    vote: 'approve' | 'deny',
    caller: RestCaller,
    id: string,
    { digest, reason }: ProposalVoteBody,
  ) {
    return this.governed(caller, { act: vote, id }, async () =>
      this.item(await this.proposals.vote(caller, requireId(id), { vote, digest, reason })),
    );
  }

  private governed<Answer>(
    caller: RestCaller,
    asked: { readonly act: string; readonly id?: string },
    act: () => Promise<Answer>,
  ): Promise<Answer> {
    const about = { act: asked.act, ...(asked.id === undefined ? {} : { proposal: asked.id.slice(0, 100) }) };
    return recordingRefusals(this.bus, INSTANCE, { where: 'policy', caller, about }, act);
  }

  private requireReader(caller: RestCaller): void {
    const { examiner, auditor, operator } = this.config.roles;
    requireRole(caller, [...this.config.policy.owners, ...examiner, ...auditor, ...operator]);
  }

  private async whole(proposal: ProposalView) {
    return { ...this.item(proposal), diff: await this.proposals.diff(proposal.state.request) };
  }

  private item({ id, proposedAt, state }: ProposalView) {
    const { request, votes, status, reason } = state;
    const { active, proposals } = this.log.activations;
    return {
      id,
      status,
      digest: request.digest,
      policyDigest: request.policyDigest,
      replaces: request.replaces,
      name: request.name,
      proposer: request.proposer,
      reason: request.reason,
      quorum: request.requirements,
      votes: votes.map((vote) => ({
        approver: vote.approver.principal,
        vote: vote.vote,
        reason: vote.reason,
      })),
      proposedAt,
      expiresAt: request.expiresAt,
      /** Whether it was activated, and whether it is what holds now. */
      activated: proposals.has(id),
      active: active?.proposal === id,
      ...(reason === undefined ? {} : { endedBecause: reason }),
    };
  }
}

/** @throws CountersignError proposal_unknown: no stream has such a name */
const requireId = (id: string): string => {
  if (!/^[A-Za-z0-9-]{1,100}$/.test(id)) throw new CountersignError('proposal_unknown');
  return id;
};
