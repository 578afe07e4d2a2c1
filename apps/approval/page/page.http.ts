import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { hasExpired } from '#core/approval/decide-approval.js';
import type { Listed } from '#core/approval/listed.js';
import { CountersignError, ERRORS, type ErrorCode } from '#core/errors.js';
import { LOGGER } from '#http/platform.module.js';
import { recordingRefusals, recordRefusal } from '#http/record-refusal.js';
import { type RestCaller, WithoutToken } from '#http/rest-caller.js';
import { ACTS, type Act } from '../acts.js';
import { INSTANCE } from '../approvals.js';
import { Deeds } from '../deeds.js';
import { ActingFor } from '../delegation/acting.js';
import { VisibleApprovals } from '../visible-approvals.js';
import { type ApprovalPage, approvalPage, refusalNote, signedInBar, titleOf } from './approval-page.js';
import { ApprovalPages } from './approval-pages.js';
import { countedQuery, provedAct } from './counted.js';
import { FRESH, type Fresh, keptFresh, sessionOverPage } from './fresh.js';
import { html } from './html.js';
import { type InboxItem, inboxPage } from './inbox-page.js';
import { sendPage, sendTo } from './layout.js';
import { mayBreakGlass, mayReview, obstacleTo } from './obstacle.js';
import type { SignedIn } from './sessions.js';
import { signedOutPage } from './signed-out-page.js';

const WHERE = 'approvals/page';
const INBOX_MAX = 100;
/** Of the form that signs out; no approval has it as its id. */
const LOGOUT = '~logout';

class VoteForm {
  @IsIn(ACTS) vote!: Act;
  @IsOptional() @IsString() @MaxLength(2_000) reason?: string;
  @IsOptional() @IsString() @MaxLength(100) digest?: string;
  @IsOptional() @IsString() @MaxLength(100) form?: string;
}

class LogoutForm {
  @IsOptional() @IsString() @MaxLength(100) form?: string;
}

class PageQuery {
  /** Told after a vote; it only chooses a sentence. */
  @IsOptional() @IsIn(ACTS) counted?: Act;
  @IsOptional() @IsString() @MaxLength(100) proof?: string;
  @IsOptional() @IsIn(FRESH) fresh?: Fresh;
}

type Showing = Pick<ApprovalPage, 'refusal' | 'reason' | 'counted'> & { readonly fresh?: Fresh | undefined };

/** For people with a browser. They sign in here; their votes go the same way as all votes. */
@Controller('approvals')
@WithoutToken()
export class PageHttp {
  constructor(
    @Inject(ApprovalPages) private readonly pages: ApprovalPages,
    @Inject(VisibleApprovals) private readonly visible: VisibleApprovals,
    @Inject(Deeds) private readonly deeds: Deeds,
    @Inject(ActingFor) private readonly acting: ActingFor,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('page')
  async inbox(@Query() { fresh }: PageQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.forBrowser(reply, undefined, async () => {
      const signedIn = await this.enter(request);
      if (signedIn === undefined) return this.signInFor(request, reply, '', fresh);
      const now = new Date().toISOString();
      const { caller } = signedIn;
      const waiting = this.visible
        .all(caller, 'pending')
        .filter(({ approval }) => !hasExpired(approval.request.expiresAt, now))
        .map((listed) => inboxItem(listed, this.obstacle(caller, listed, now)))
        .sort(byUrgency);
      const reviews = this.visible.all(caller).filter((listed) => mayReview(caller, listed));
      const { path } = this.pages.address();
      const body = inboxPage(waiting.slice(0, INBOX_MAX), {
        ...{ path, now, left_out: Math.max(0, waiting.length - INBOX_MAX) },
        reviews: reviews.slice(0, INBOX_MAX).map((listed) => inboxItem(listed, undefined)),
      });
      const open = waiting.filter(({ obstacle }) => obstacle === undefined).length;
      const title = open === 0 ? 'Approvals' : `(${open}) Approvals`;
      const freshness = keptFresh(this.addressOf(''), fresh);
      return sendPage(reply, { status: 200, title, body, header: this.bar(signedIn), freshness });
    });
  }

  @Get(':id/page')
  async one(
    @Param('id') id: string,
    @Query() told: PageQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ) {
    return this.forBrowser(reply, undefined, async () => {
      const signedIn = await this.enter(request);
      if (signedIn === undefined) return this.signInFor(request, reply, id, told.fresh);
      const listed = await this.visible.look(signedIn.caller, id, WHERE);
      const { fresh } = told;
      return this.show(reply, signedIn, listed, { counted: provedAct(signedIn, id, told), fresh });
    });
  }

  @Post(':id/page')
  @HttpCode(200)
  async vote(
    @Param('id') id: string,
    @Body() form: VoteForm,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ) {
    return this.forBrowser(reply, undefined, async () => {
      const signedIn = await this.enter(request);
      // Not to the issuer from here: a form leads nowhere but to us.
      if (signedIn === undefined)
        throw await this.refused(new CountersignError('login_failed', 'signed out'));
      const { caller } = signedIn;
      const about = { approvalId: id.slice(0, 100), vote: form.vote };
      await recordingRefusals(this.bus, INSTANCE, { where: WHERE, caller, about }, async () =>
        this.pages.checkForm(request, signedIn, id, form.form),
      );
      const { vote, digest, reason } = form;
      try {
        await this.deeds.do(caller, { approvalId: id, act: vote, digest, reason, where: WHERE });
      } catch (error) {
        const listed =
          error instanceof CountersignError ? await this.visible.oneIfAny(caller, id) : undefined;
        if (listed === undefined) throw error;
        const { code, detail } = error as CountersignError;
        return this.show(reply, signedIn, listed, { refusal: { code, detail }, reason });
      }
      // What the browser shows next can be loaded again without voting again.
      return sendTo(reply, 303, `${this.addressOf(id)}?${countedQuery(signedIn, id, vote)}`);
    });
  }

  @Get('login/callback')
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.forBrowser(reply, 'login', async () => {
      const target = await this.pages.finishSignIn(request, reply);
      const onward = this.addressOf(target);
      const body = html`<h1>You are signed in</h1><p><a href="${onward}">Go on</a></p>`;
      return sendPage(reply, { status: 200, title: 'Signed in', body, onward });
    });
  }

  @Post('logout')
  @HttpCode(200)
  async logout(@Body() { form }: LogoutForm, @Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.forBrowser(reply, 'logout', async () => {
      const signedIn = await this.pages.signedIn(request);
      if (signedIn !== undefined) this.pages.checkForm(request, signedIn, LOGOUT, form);
      this.pages.forgetSession(reply);
      const onward = signedIn && (await this.pages.endSession(signedIn));
      const body = signedOutPage(this.pages.address().path, onward?.href);
      return sendPage(reply, { status: 200, title: 'Signed out', body, onward: onward?.href });
    });
  }

  /** Undefined without a session. What is refused before anybody is known is on record (promise G6). */
  private enter(request: FastifyRequest): Promise<SignedIn | undefined> {
    const refusal = { where: WHERE, about: { act: 'enter' } };
    return recordingRefusals(this.bus, INSTANCE, refusal, () => this.pages.signedIn(request));
  }

  private async show(reply: FastifyReply, signedIn: SignedIn, listed: Listed, showing: Showing) {
    const now = new Date().toISOString();
    const item = await this.visible.item(listed);
    const forms = {
      obstacle: this.obstacle(signedIn.caller, listed, now),
      mayBreakGlass: mayBreakGlass(signedIn.caller, listed, now),
      mayReview: mayReview(signedIn.caller, listed),
    };
    const body = approvalPage({
      ...{ item, now, path: this.pages.address().path },
      ...forms,
      formToken: signedIn.formToken(listed.approvalId),
      ...showing,
    });
    const status = showing.refusal === undefined ? 200 : statusOf(showing.refusal.code);
    // What somebody has typed must not go away.
    const isOpen = forms.obstacle === undefined || forms.mayBreakGlass || forms.mayReview;
    const mayChange = item.status === 'pending' || item.status === 'granted';
    const freshness =
      isOpen || !mayChange ? undefined : keptFresh(this.addressOf(listed.approvalId), showing.fresh);
    return sendPage(reply, { status, title: titleOf(item), body, header: this.bar(signedIn), freshness });
  }

  /** Of an approval; of the inbox for the empty id. */
  private addressOf(id: string): string {
    const { path } = this.pages.address();
    return id === '' ? `${path}/approvals/page` : `${path}/approvals/${encodeURIComponent(id)}/page`;
  }

  private async signInFor(
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    fresh: Fresh | undefined,
  ): Promise<FastifyReply> {
    if (fresh !== 'on') return this.pages.sendToIssuer(request, reply, id);
    const body = sessionOverPage(this.addressOf(id));
    return sendPage(reply, { status: 200, title: 'Signed out', body });
  }

  private obstacle(caller: RestCaller, listed: Listed, now: string): string | undefined {
    return obstacleTo(caller, listed, now, this.acting.rolesFor(caller, listed));
  }

  private bar(signedIn: SignedIn) {
    return signedInBar(signedIn.caller, this.pages.address().path, signedIn.formToken(LOGOUT));
  }

  /** Browsers get a page. @param act what is recorded when it is refused; undefined: recorded already, or nothing to record */
  private async forBrowser(
    reply: FastifyReply,
    act: string | undefined,
    answer: () => Promise<FastifyReply>,
  ): Promise<void> {
    try {
      await answer();
    } catch (error) {
      const refusal = error instanceof CountersignError ? error : new CountersignError('internal');
      const { code, detail } = refusal;
      if (code === 'internal') this.logger.error({ err: error }, 'the approval page broke');
      if (act !== undefined) await this.refused(refusal, act);
      const { path } = this.pages.address();
      const body = html`<h1>That did not work</h1>${refusalNote(code, detail)}
<p><a href="${path}/approvals/page">All that waits for you</a></p>`;
      sendPage(reply, { status: statusOf(code), title: 'Not done', body });
    }
  }

  /** Puts a refusal of somebody unknown on record (promise G6), and gives it back. */
  private async refused(refusal: CountersignError, act = 'vote'): Promise<CountersignError> {
    const { code, detail = null } = refusal;
    const about = { act, detail };
    await recordRefusal(this.bus, INSTANCE, { code, where: WHERE, about }).catch(() => undefined);
    return refusal;
  }
}

/** What somebody can vote on comes before what they can only look at; then what expires first. */
const byUrgency = (a: InboxItem, b: InboxItem): number =>
  Number(a.obstacle !== undefined) - Number(b.obstacle !== undefined) || (a.expiresAt < b.expiresAt ? -1 : 1);

const inboxItem = (
  { approvalId, approval, requestedAt }: Listed,
  obstacle: string | undefined,
): InboxItem => {
  const { requester, server, tool, digest, expiresAt } = approval.request;
  return {
    ...{ id: approvalId, requester: requester.principal, agent: requester.agent, server, tool, digest },
    ...{ requestedAt, expiresAt, obstacle },
    votes: approval.votes.length,
    ...(approval.review && { reviewDueAt: approval.review.dueAt }),
  };
};

const statusOf = (code: ErrorCode): number => (ERRORS[code].http < 400 ? 409 : ERRORS[code].http);
