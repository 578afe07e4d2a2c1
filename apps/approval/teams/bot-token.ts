import { CountersignError } from '#core/errors.js';
import { claimOf } from '#identity/claims.js';
import { credentialOf } from '#identity/credential.js';
import type { HttpHead } from '#identity/http-head.js';
import { createIssuerKeys } from '#identity/issuer-keys.js';
import { verifyWithPassportJwt } from '#identity/passport-jwt-verification.js';
import { readToken } from '#identity/token-text.js';

const ALGORITHMS = ['RS256'] as const;
/** The channel of Bot Framework that we serve; its keys must be endorsed for it. */
export const CHANNEL = 'msteams';

export interface BotTokenOptions {
  readonly issuer: string;
  readonly openid_metadata: string;
  readonly app_id: string;
  readonly clock_skew_s: number;
}

export interface Verified {
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** Tells whether a message comes from Bot Framework, for this bot, over this channel. */
export interface BotTokens {
  /**
   * @param serviceUrl as the message says; the token must say the same (Bot Framework authentication, connector to bot)
   * @throws CountersignError token_missing, token_invalid, token_expired, token_repeated, token_in_query, identity_unavailable
   */
  verify(head: HttpHead, serviceUrl: string): Promise<Verified>;
}

export const botTokens = ({ issuer, openid_metadata, app_id, clock_skew_s }: BotTokenOptions): BotTokens => {
  const keys = createIssuerKeys(issuer, openid_metadata);
  return {
    verify: async (head, serviceUrl) => {
      const { token } = credentialOf(head, ['Bearer']);
      const hints = readToken(token, ALGORITHMS);
      if (hints.iss !== issuer) throw invalid('the token is of another issuer (iss)');
      const { key, endorsements = [] } = await keys.key(hints.kid, hints.alg);
      if (!endorsements.includes(CHANNEL))
        throw invalid('the key is not endorsed for this channel (endorsements)');
      const now_s = Date.now() / 1_000;
      const claims = await verifyWithPassportJwt(token, {
        issuer,
        audiences: [app_id],
        algorithms: ALGORITHMS,
        clock_skew_s,
        now_s,
        key,
      });
      const expiresAt = claimOf(claims, 'exp');
      if (typeof expiresAt !== 'number') throw invalid('the token has no expiry (exp)');
      // The library allows for skew here as well.
      if (expiresAt <= now_s) throw new CountersignError('token_expired');
      const claimed = claimOf(claims, 'serviceurl') ?? claimOf(claims, 'serviceUrl');
      if (typeof claimed !== 'string' || claimed === '' || addressOf(claimed) !== addressOf(serviceUrl))
        throw invalid('the message names another address to answer to (serviceurl)');
      return { expiresAt };
    },
  };
};

/** Bot Framework writes the slash at the end now and then. */
const addressOf = (url: string): string => url.replace(/\/$/, '');

const invalid = (detail: string): CountersignError => new CountersignError('token_invalid', detail);
