import type { KeyObject } from 'node:crypto';
import { Strategy } from 'passport-jwt';
import { CountersignError } from '#core/errors.js';
import { type Claims, isRecord } from './claims.js';
import type { AsymmetricAlgorithm } from './identity-options.js';

export interface JwtExpectations {
  readonly issuer: string;
  /** One of them must be in `aud`. */
  readonly audiences: readonly [string, ...string[]];
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly clock_skew_s: number;
  readonly now_s: number;
  readonly key: KeyObject;
}

/** What the JWT library says, in words that hold nothing of the token. */
const DETAILS: readonly (readonly [RegExp, string])[] = [
  [/audience/, 'the token is not for this resource (aud)'],
  [/issuer/, 'the token is of another issuer (iss)'],
  [/signature/, 'the signature does not fit'],
  [/algorithm|asymmetric/, 'the signature algorithm is not allowed'],
  [/not active|nbf/, 'the token is not valid yet (nbf)'],
];

const asCountersignError = (failure: unknown): CountersignError => {
  const { name, message } = failure instanceof Error ? failure : { name: '', message: '' };
  if (name === 'TokenExpiredError') return new CountersignError('token_expired');
  const detail = DETAILS.find(([pattern]) => pattern.test(message))?.[1];
  return new CountersignError('token_invalid', detail ?? 'the token is malformed');
};

/**
 * Runs the passport-jwt strategy on one token, without Express and without passport's request plumbing: passport itself
 * does no more than hang `success`, `fail` and `error` on a strategy and call `authenticate`. A strategy per
 * verification because the audience belongs to the request; making one costs nothing beside the signature.
 * @returns the verified claims
 * @throws CountersignError token_invalid, token_expired
 */
export const verifyWithPassportJwt = async (token: string, expected: JwtExpectations): Promise<Claims> => {
  try {
    const claims: unknown = await new Promise((resolve, reject) => {
      const strategy = new Strategy(
        {
          jwtFromRequest: () => token,
          // The key is found beforehand: an exception after an asynchronous lookup would get lost in the callbacks.
          // The library takes a KeyObject as it is; its types know only PEM, which would be parsed on every call.
          secretOrKeyProvider: (_request, _token, done) => done(null, expected.key as unknown as Buffer),
          issuer: expected.issuer,
          audience: [...expected.audiences],
          algorithms: [...expected.algorithms],
          jsonWebTokenOptions: { clockTolerance: expected.clock_skew_s, clockTimestamp: expected.now_s },
        },
        (payload: unknown, done) => done(null, payload),
      );
      strategy.success = resolve;
      strategy.fail = reject;
      strategy.error = reject;
      strategy.authenticate({} as Parameters<Strategy['authenticate']>[0]);
    });
    if (isRecord(claims)) return claims;
  } catch (failure) {
    throw asCountersignError(failure);
  }
  throw new CountersignError('token_invalid', 'the token is malformed');
};
