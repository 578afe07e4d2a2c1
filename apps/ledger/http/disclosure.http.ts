import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { maskingDisclose } from '#contracts/masking.js';
import {
  decideDisclosureRequest,
  decideDisclosureVote,
  decideOpening,
} from '#core/disclosure/decide-disclosure.js';
import type { DisclosureEvent } from '#core/disclosure/disclosure.events.js';
import type { DisclosureState } from '#core/disclosure/disclosure.state.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordingRefusals } from '#http/record-refusal.js';
import { type RestCaller, requireRole, WhoCalls } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { sha256 } from '#sealing/sha256.js';
import { Disclosures, type ListedDisclosure } from '../disclosure/disclosures.js';
import { findOriginal } from '../disclosure/find-original.js';
import { Ledger } from '../ledger.js';
import { recordRead } from '../record-read.js';
import { DisclosureBody, DisclosureVoteBody } from './disclosure.queries.js';

const LISTED_MAX = 200;
const INSTANCE = randomUUID();

/** Sealed originals: an examiner asks, another person approves, the examiner opens within the time box. */
@Controller('ledger/disclosures')
export class DisclosureHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Disclosures) private readonly disclosures: Disclosures,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post()
  async request(@WhoCalls() caller: RestCaller, @Body() { call, event, reason }: DisclosureBody) {
    const { approvers, vote_ms, box_ms } = this.config.disclosures;
    const id = randomUUID();
    return this.governed(caller, { call }, async () => {
      requireRole(caller, this.config.roles.examiner);
      const { eventId, commit } = await findOriginal(this.ledger.store, call, event);
      const requester = { ...personOf(caller), client: caller.clientId };
      const requirements = [{ by: approvers, count: 1 }];
      const expiresAt = new Date(Date.now() + vote_ms).toISOString();
      const asked = { callId: call, eventId, commit, requester, reason, requirements, expiresAt, box_ms };
      return this.execute(id, caller, () => decideDisclosureRequest(sha256, asked, caller.isMachine));
    });
  }

  @Get()
  async list(@WhoCalls() caller: RestCaller) {
    await this.recordRead(caller, { id: null });
    return { items: (await this.disclosures.list(LISTED_MAX)).map(item), next: null };
  }

  @Get(':id')
  async one(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    await this.recordRead(caller, { id });
    return item(await this.disclosures.read(id));
  }

  @Post(':id/approve')
  @HttpCode(200)
  async approve(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: DisclosureVoteBody) {
    return this.vote('approve', caller, id, body);
  }

  @Post(':id/deny')
  @HttpCode(200)
  async deny(@WhoCalls() caller: RestCaller, @Param('id') id: string, @Body() body: DisclosureVoteBody) {
    return this.vote('deny', caller, id, body);
  }

  /** The opening is on record before a byte is shown (promise G6). */
  @Post(':id/open')
  @HttpCode(200)
  async open(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    return this.governed(caller, { disclosure: id, act: 'open' }, async () => {
      const person = personOf(caller);
      const { state } = await this.disclosures.execute(id, callerActor(caller), (current) =>
        decideOpening(current, person, new Date().toISOString()),
      );
      const { callId, eventId, commit } = state.request;
      const { sealed } = await findOriginal(this.ledger.store, callId, eventId);
      const opened = await this.bus.request(maskingDisclose, { disclosureId: id, sealed, commit });
      const bytes = Buffer.from(opened.bytes);
      return {
        call: callId,
        event: eventId,
        commit,
        salt: Buffer.from(opened.salt).toString('base64'),
        bytes: bytes.toString('base64'),
        text: bytes.toString('utf8'),
      };
    });
  }

  private vote(
    vote: 'approve' | 'deny',
    caller: RestCaller,
    id: string,
    { digest, reason }: DisclosureVoteBody,
  ) {
    const { clientId, isMachine, roles } = caller;
    const client = this.config.approvals.human_clients.includes(clientId) ? undefined : clientId;
    const approver = personOf(caller);
    return this.governed(caller, { disclosure: id, act: vote }, () =>
      this.execute(id, caller, (state) =>
        decideDisclosureVote(state, {
          vote,
          approver,
          roles,
          isMachine,
          client,
          digest,
          reason,
          now: new Date().toISOString(),
        }),
      ),
    );
  }

  private async execute(
    id: string,
    caller: RestCaller,
    decide: (state: DisclosureState) => readonly DisclosureEvent[],
  ) {
    return item(await this.disclosures.execute(id, callerActor(caller), decide));
  }

  private governed<Answer>(
    caller: RestCaller,
    asked: { readonly [name: string]: string },
    act: () => Promise<Answer>,
  ): Promise<Answer> {
    const about = Object.fromEntries(Object.entries(asked).map(([name, text]) => [name, text.slice(0, 100)]));
    return recordingRefusals(this.bus, INSTANCE, { where: 'disclosures', caller, about }, act);
  }

  private async recordRead(caller: RestCaller, query: { readonly id: string | null }): Promise<void> {
    const readers = [...this.config.roles.examiner, ...this.config.disclosures.approvers];
    const allowed = caller.roles.some((role) => readers.includes(role));
    await recordRead(this.ledger, caller, { what: 'disclosures', query, allowed });
    requireRole(caller, readers);
  }
}

const item = ({ id, requestedAt, state }: ListedDisclosure) => {
  const { callId, eventId, commit, digest, requester, reason, requirements, expiresAt, box_ms } =
    state.request;
  return {
    id,
    status: state.status,
    digest,
    callId,
    eventId,
    commit,
    requester,
    reason,
    quorum: requirements,
    votes: state.votes.map((vote) => ({
      approver: vote.approver.principal,
      vote: vote.vote,
      reason: vote.reason,
    })),
    opened: state.opened,
    requestedAt,
    expiresAt,
    box_ms,
    ...(state.status === 'granted' ? { until: state.until } : {}),
    ...(state.status === 'denied' ? { deniedBecause: state.reason } : {}),
  };
};
