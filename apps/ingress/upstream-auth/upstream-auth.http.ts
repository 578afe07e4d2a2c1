import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { IsIn, IsOptional } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { CountersignError, type ErrorCode } from '#core/errors.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { callerActor, recordRefusal } from '#http/record-refusal.js';
import { REST_AUDIENCE, type RestCaller, requireRole, WhoCalls, WithoutToken } from '#http/rest-caller.js';
import { consentOwner } from '#upstream-auth/kinds/authorization-code.js';
import { CLIENT_DOCUMENT_PATH, clientDocument } from '#upstream-auth/oauth/client-identity.js';
import type { Owner } from '#upstream-auth/upstream-context.js';
import {
  consentCookie,
  sendPage,
  sendRefusal,
  sendToAuthorizationServer,
  setConsentCookie,
} from './consent-page.js';
import { UpstreamAuths } from './upstream-auths.js';

const INSTANCE = randomUUID();

class ForWhom {
  /** With `per_caller`: for the caller, or for the gateway's own requests (lists), which an operator consents to. */
  @IsOptional()
  @IsIn(['caller', 'gateway'])
  for?: 'caller' | 'gateway';
}

type BrowserQuery = { readonly [parameter: string]: unknown };

@Controller()
export class UpstreamAuthHttp {
  constructor(
    @Inject(UpstreamAuths) private readonly auths: UpstreamAuths,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(REST_AUDIENCE) private readonly publicUrl: () => string,
  ) {}

  /** Public: an authorization server reads who the gateway is. */
  @WithoutToken()
  @Get(CLIENT_DOCUMENT_PATH)
  client() {
    return clientDocument(this.publicUrl());
  }

  @Get('upstreams')
  async list(@WhoCalls() caller: RestCaller) {
    this.requireOperator(caller);
    const items = await Promise.all(
      this.auths.https().map(async ({ name, auth }) => ({
        name,
        auth: auth.type,
        ...(auth.type === 'authorization_code'
          ? { consent: auth.consent, ...(await this.auths.consents.state(name, 'gateway')) }
          : { state: 'no_consent_needed' }),
        problem: this.auths.problemOf(name),
      })),
    );
    return { items };
  }

  @Post('upstreams/:name/authorize')
  @HttpCode(200)
  async begin(@WhoCalls() caller: RestCaller, @Param('name') upstream: string, @Body() body: ForWhom) {
    const owner = await this.ownerFor(caller, upstream, body);
    const { principal } = caller;
    return this.auths.consents.begin({ upstream, owner, principal, actor: callerActor(caller) });
  }

  @Delete('upstreams/:name/authorization')
  async revoke(@WhoCalls() caller: RestCaller, @Param('name') upstream: string, @Query() query: ForWhom) {
    const owner = await this.ownerFor(caller, upstream, query);
    await this.auths.consents.revoke(upstream, owner, callerActor(caller));
    return { name: upstream, state: 'needs_consent' };
  }

  /** A browser with a link. What it opens first only looks; `continue` uses the link up. */
  @WithoutToken()
  @Get('upstreams/:name/authorize')
  async browse(
    @Param('name') upstream: string,
    @Query() query: BrowserQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ) {
    const cookie = consentCookie(request.headers.cookie);
    await this.forBrowser(reply, async () => {
      const link = text(query['link']);
      if (link === undefined) throw new CountersignError('consent_invalid', 'there is no link');
      if (query['continue'] !== undefined)
        return sendToAuthorizationServer(reply, await this.auths.consents.start(upstream, link, cookie));
      const { principal, owner, cookie: own } = await this.auths.consents.open(upstream, link, cookie);
      setConsentCookie(reply, own);
      const whose =
        owner === 'gateway'
          ? 'Every agent that policy lets use this server will act with the account you sign in with.'
          : `Agents of ${principal} will act with the account you sign in with.`;
      return sendPage(reply, {
        status: 200,
        title: `Connect the gateway to ${upstream}`,
        paragraphs: [
          `${principal} has asked for this link. Go on only if that is you: somebody else’s link would give them your access.`,
          whose,
        ],
        next: { href: `?link=${encodeURIComponent(link)}&continue=1`, text: 'Continue and sign in' },
      });
    });
  }

  @WithoutToken()
  @Get('upstreams/callback')
  async callback(@Query() query: BrowserQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    await this.forBrowser(reply, async () => {
      const names = ['state', 'code', 'iss', 'error'] as const;
      // A parameter that comes twice has no meaning (RFC 6749 section 3.1).
      if (names.some((name) => query[name] !== undefined && text(query[name]) === undefined))
        throw new CountersignError('consent_invalid', 'a parameter came twice');
      const answer = Object.fromEntries(names.map((name) => [name, text(query[name])]));
      const { upstream } = await this.auths.consents.finish(answer, consentCookie(request.headers.cookie));
      return sendPage(reply, {
        status: 200,
        title: `The gateway is connected to ${upstream}`,
        paragraphs: ['The consent is on record. You can close this page.'],
      });
    });
  }

  /** Browsers get a page; what went wrong in detail is in the record, not on the page. */
  private async forBrowser(reply: FastifyReply, answer: () => Promise<FastifyReply>): Promise<void> {
    try {
      await answer();
    } catch (error) {
      const code: ErrorCode = error instanceof CountersignError ? error.code : 'internal';
      if (code === 'internal') this.logger.error({ name: (error as Error).name }, 'a consent broke');
      const about = { detail: error instanceof CountersignError ? (error.detail ?? null) : null };
      await recordRefusal(this.bus, INSTANCE, { code, where: 'upstreams', about }).catch(() => undefined);
      sendRefusal(reply, code);
    }
  }

  /** @throws CountersignError not_found, forbidden (on record) */
  private async ownerFor(caller: RestCaller, upstream: string, whom: ForWhom): Promise<Owner> {
    const found = this.auths.https().find(({ name }) => name === upstream);
    if (found?.auth.type !== 'authorization_code')
      throw new CountersignError('not_found', 'no server of this name takes consents');
    const owner = consentOwner(found.auth, whom.for === 'gateway' ? undefined : caller);
    try {
      if (owner === 'gateway') this.requireOperator(caller);
    } catch (error) {
      const about = { upstream };
      await recordRefusal(this.bus, INSTANCE, { code: 'forbidden', where: 'upstreams', caller, about });
      throw error;
    }
    return owner;
  }

  private requireOperator(caller: RestCaller): void {
    requireRole(caller, this.config.roles.operator);
  }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= 4_096 ? value : undefined;
