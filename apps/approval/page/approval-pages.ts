import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { ConfigError, readSecret } from '#config/load-config.js';
import { CountersignError } from '#core/errors.js';
import { checkOrigin } from '#http/check-origin.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { RESOURCE_SERVER, REST_AUDIENCE } from '#http/rest-caller.js';
import { headerValues } from '#identity/http-head.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { FollowLog } from '../follow-log.js';
import { readCookie, writeCookie } from './cookies.js';
import { type IssuerClient, issuerClient } from './issuer-client.js';
import { sendTo } from './layout.js';
import { type PageAddress, pageAddress } from './page-address.js';
import { recordSignOut } from './record-sign-out.js';
import { sealedValues } from './sealed-values.js';
import { openSessions, type Sessions, type SignedIn } from './sessions.js';
import { SIGN_IN_S, type SignIn, signIn } from './sign-in.js';
import { SignedOut } from './signed-out.js';

/** To the issuer and back: the cookie must come along when another site sends the browser here. */
const SIGN_IN_COOKIE = 'countersign-sign-in';

interface Parts {
  readonly client: IssuerClient;
  readonly signIn: SignIn;
  readonly sessions: Sessions;
}

/** What all routes of the approval page share: sign-in, session, and where it may be used from. */
@Injectable()
export class ApprovalPages implements OnModuleInit {
  private parts: Parts | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(REST_AUDIENCE) private readonly publicUrl: () => string,
    @Inject(RESOURCE_SERVER) private readonly resourceServer: ResourceServer,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(FollowLog) private readonly log: FollowLog,
    @Inject(SignedOut) private readonly signedOut: SignedOut,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A session key that cannot be used stops the start, and so does a session that would travel in clear. @throws ConfigError, TypeError */
  onModuleInit(): void {
    const { login } = this.config.approvals;
    if (login === undefined) return;
    if (this.config.mode === 'production' && !this.address().isSecure)
      throw new ConfigError(
        'approvals.login: the approval page must be at an https address in production mode; set http.public_url or approvals.page_url',
      );
    const sealed = sealedValues(login.session_key && readSecret(login.session_key));
    const client = issuerClient({
      login,
      allowPlainHttp: this.config.mode === 'development',
      redirectUri: () => `${this.address().base}/approvals/login/callback`,
      audience: this.publicUrl,
      dpop: this.config.identity.dpop,
    });
    this.parts = {
      client,
      signIn: signIn(client, sealed, () => this.address()),
      sessions: openSessions({
        sealed,
        resourceServer: this.resourceServer,
        bus: this.bus,
        session_s_max: login.session_s_max,
        hasEnded: ({ id, begun_s = 0 }) => {
          this.log.requireCaughtUp();
          return this.signedOut.has(id, begun_s * 1_000);
        },
        now_s: () => Date.now() / 1_000,
      }),
    };
  }

  address(): PageAddress {
    return pageAddress(this.config, this.publicUrl());
  }

  /** Undefined without a session. @throws CountersignError not_found without `approvals.login`, origin_refused */
  async signedIn(request: FastifyRequest): Promise<SignedIn | undefined> {
    this.checkHost(request);
    return this.on.sessions.find(request.headers.cookie, this.address().isSecure);
  }

  /** Sends the browser to the issuer, and from there back to an approval, or to the inbox. */
  async sendToIssuer(request: FastifyRequest, reply: FastifyReply, target: string): Promise<FastifyReply> {
    const rules = this.signInRules();
    const known = readCookie(request.headers.cookie, SIGN_IN_COOKIE, rules);
    const { url, cookie } = await this.on.signIn.begin(target, known, Date.now());
    void reply.header('set-cookie', writeCookie(SIGN_IN_COOKIE, cookie, SIGN_IN_S, rules));
    return sendTo(reply, 302, url.href);
  }

  /** The browser is back from the issuer. The answer is what it wanted to see. @throws CountersignError login_failed, ... */
  async finishSignIn(request: FastifyRequest, reply: FastifyReply): Promise<string> {
    this.checkHost(request);
    const { url = '' } = request.raw;
    const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
    const cookie = readCookie(request.headers.cookie, SIGN_IN_COOKIE, this.signInRules());
    const { held, target } = await this.on.signIn.finish(query, cookie, Date.now());
    const cookies = await this.on.sessions.begin(held, this.address().isSecure);
    for (const each of cookies) void reply.header('set-cookie', each);
    return target;
  }

  /** The browser forgets whatever session it has. */
  forgetSession(reply: FastifyReply): void {
    for (const each of this.on.sessions.clear(this.address().isSecure)) void reply.header('set-cookie', each);
  }

  /**
   * Here at once and at every replica by the log, so that a copy of the cookie is of no use; and the token at the issuer.
   * @returns where people sign out of the issuer itself
   * @throws CountersignError ledger_* when it is not on record: then it has ended at this replica only
   */
  async endSession({ session, caller }: SignedIn): Promise<URL | undefined> {
    const { client } = this.on;
    this.signedOut.note(session.id, session.until_s * 1_000, Date.now());
    const atIssuer = Promise.all([client.endSessionUrl(), client.revoke(session.token)]).catch(
      ({ code, detail }: CountersignError) => {
        this.logger.warn({ code, detail }, 'the issuer did not end a token; it ends by itself');
        return [undefined];
      },
    );
    await recordSignOut(this.bus, session, caller);
    const [url] = await atIssuer;
    return url;
  }

  /**
   * Only our own page may send our forms: it says so by its origin, and by a token that it alone was given. Browsers that tell
   * where a request comes from are believed when they say it is not from here. @throws CountersignError form_refused
   */
  checkForm(request: FastifyRequest, signedIn: SignedIn, form: string, token: string | undefined): void {
    const { origin } = new URL(this.address().base);
    const origins = headerValues(request.raw, 'origin');
    if (origins.length !== 1 || origins[0] !== origin) throw new CountersignError('form_refused', 'Origin');
    const sites = headerValues(request.raw, 'sec-fetch-site');
    if (sites.some((site) => site !== 'same-origin'))
      throw new CountersignError('form_refused', 'Sec-Fetch-Site');
    if (token === undefined || !signedIn.isFormToken(token, form))
      throw new CountersignError('form_refused', 'the token of the form');
  }

  private get on(): Parts {
    if (this.parts === undefined) throw new CountersignError('not_found', 'there is no approval page here');
    return this.parts;
  }

  /** Against a name that somebody points at us. Our forms' own origin is checked with their token. */
  private checkHost({ raw }: FastifyRequest): void {
    const rawHeaders = raw.rawHeaders.filter((_, at, all) => all[at - (at % 2)]?.toLowerCase() !== 'origin');
    const head = { method: raw.method, url: raw.url, rawHeaders };
    const { allowed_hosts } = this.config.http;
    checkOrigin(head, { publicUrl: this.address().base, allowed_origins: [], allowed_hosts });
  }

  private signInRules() {
    return { secure: this.address().isSecure, sameSite: 'Lax' } as const;
  }
}
