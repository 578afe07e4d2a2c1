import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { TeamsConfig } from '#config/teams.schema.js';
import type { Listed } from '#core/approval/listed.js';
import { CountersignError, ERRORS } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { recordingRefusals } from '#http/record-refusal.js';
import { RESOURCE_SERVER, type RestCaller } from '#http/rest-caller.js';
import type { HttpHead } from '#identity/http-head.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { INSTANCE } from '../approvals.js';
import { Deeds } from '../deeds.js';
import { ActingFor } from '../delegation/acting.js';
import { mayBreakGlass, mayReview, obstacleTo } from '../page/obstacle.js';
import { approvalPageUrl, PAGE_URL } from '../page/page-address.js';
import { VisibleApprovals } from '../visible-approvals.js';
import {
  type Activity,
  activitySchema,
  CARD_ACTION,
  type CardAction,
  cardActionSchema,
  tenantsOf,
} from './activity.js';
import { type InvokeAnswer, signInFailed, withCard, withMessage, withSignIn } from './answers.js';
import { type PersonalCard, personalCard } from './approval-card.js';
import { type BotTokens, botTokens, CHANNEL } from './bot-token.js';
import { type TeamsPeople, teamsPeople } from './teams-people.js';

const WHERE = 'approvals/teams';

interface Parts {
  readonly config: TeamsConfig;
  readonly tokens: BotTokens;
  readonly people: TeamsPeople;
}

type Told = Pick<PersonalCard, 'refusal' | 'counted'>;

/** What comes from Teams: cards that are looked at, and what people do on them, which goes the way that all doors lead to. */
@Injectable()
export class TeamsBot {
  private readonly parts: Parts | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(RESOURCE_SERVER) resourceServer: ResourceServer,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(Deeds) private readonly deeds: Deeds,
    @Inject(ActingFor) private readonly acting: ActingFor,
    @Inject(PAGE_URL) private readonly pageUrl: () => string,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    const { teams } = config.approvals;
    if (teams === undefined) return;
    const { clock_skew_s, issuers } = config.identity;
    const issuersOfHumans = issuers.flatMap(({ issuer, human_claim }) => (human_claim ? [issuer] : []));
    this.parts = {
      config: teams,
      tokens: botTokens({ ...teams, clock_skew_s }),
      people: teamsPeople({ config: teams, issuersOfHumans, resourceServer, bus }),
    };
  }

  /**
   * Answers an activity of Bot Framework; undefined for one that needs no answer. What is refused is on record (promise G6).
   * @throws CountersignError not_found without `approvals.teams`; token_*, body_invalid, forbidden, method_unknown
   */
  async receive(head: HttpHead, body: unknown): Promise<InvokeAnswer | undefined> {
    const { parts } = this;
    if (parts === undefined) throw new CountersignError('not_found', 'there is no bot here');
    const refusal = { where: WHERE, about: { act: 'message' } };
    const { activity, action, expiresAt } = await recordingRefusals(this.bus, INSTANCE, refusal, () =>
      authentic(parts, head, body),
    );
    if (action === undefined) return undefined;
    const objectId = activity.from?.aadObjectId ?? '';
    const claimed = { objectId, token: action.authentication?.token, expiresAt };
    const { verb, data } = action.action;
    const { sso } = parts.config.people;
    try {
      const about = { approvalId: data.approvalId, vote: verb };
      const caller = await (verb === 'show'
        ? parts.people.find(claimed)
        : recordingRefusals(this.bus, INSTANCE, { where: WHERE, about }, () => parts.people.find(claimed)));
      if (caller === 'sign-in') return sso && withSignIn(sso);
      return await this.act(caller, action);
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      const { code } = error;
      if (sso !== undefined && code.startsWith('token_')) return signInFailed();
      return withMessage(`${ERRORS[code].says} (${code})`);
    }
  }

  private async act(caller: RestCaller, { action }: CardAction): Promise<InvokeAnswer> {
    const { verb, data } = action;
    const { approvalId, digest } = data;
    if (verb === 'show') return this.show(caller, await this.visible.one(caller, approvalId));
    try {
      // Each field of the card has an id of its own.
      const reason = verb === 'break-glass' ? data.emergency : data.reason;
      const listed = await this.deeds.do(caller, { approvalId, act: verb, digest, reason, where: WHERE });
      return await this.show(caller, listed, { counted: verb });
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      const { code, detail } = error;
      const listed = await this.visible.oneIfAny(caller, approvalId);
      if (listed === undefined) throw error;
      return this.show(caller, listed, { refusal: { code, detail } });
    }
  }

  private async show(caller: RestCaller, listed: Listed, told: Told = {}): Promise<InvokeAnswer> {
    const hasPage = this.config.approvals.login !== undefined;
    const item = await this.visible.item(listed);
    const now = new Date().toISOString();
    return withCard(
      personalCard({
        item,
        url: hasPage ? approvalPageUrl(this.pageUrl(), listed.approvalId) : undefined,
        obstacle: obstacleTo(caller, listed, now, this.acting.rolesFor(caller, listed)),
        mayBreakGlass: mayBreakGlass(caller, listed, now),
        mayReview: mayReview(caller, listed),
        ...told,
      }),
    );
  }
}

interface Authentic {
  readonly activity: Activity;
  /** Undefined: nothing that we answer. */
  readonly action: CardAction | undefined;
  readonly expiresAt: number;
}

/** From Bot Framework, over Teams, of our tenant, and something that a card of ours can send. */
const authentic = async ({ tokens, config }: Parts, head: HttpHead, body: unknown): Promise<Authentic> => {
  const { serviceUrl } = (body ?? {}) as { readonly serviceUrl?: unknown };
  const { expiresAt } = await tokens.verify(head, typeof serviceUrl === 'string' ? serviceUrl : '');
  const parsed = activitySchema.safeParse(body);
  if (!parsed.success) throw new CountersignError('body_invalid', 'this is no activity of Bot Framework');
  const activity = parsed.data;
  if (activity.channelId !== CHANNEL) throw new CountersignError('forbidden', 'another channel');
  const tenants = tenantsOf(activity);
  if (tenants.length === 0 || tenants.some((tenant) => tenant.toLowerCase() !== config.tenant))
    throw new CountersignError('forbidden', 'another tenant');
  if (activity.type !== 'invoke') return { activity, action: undefined, expiresAt };
  if (activity.name !== CARD_ACTION) throw new CountersignError('method_unknown');
  const action = cardActionSchema.safeParse(activity.value);
  if (!action.success) throw new CountersignError('body_invalid', 'no card of ours sends this');
  return { activity, action: action.data, expiresAt };
};
