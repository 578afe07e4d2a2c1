import { CountersignError } from '#core/errors.js';
import { type Claims, claimOf, textClaim } from './claims.js';

/**
 * What names the human behind a token, whichever account or issuer it came from: the value of `human_claim`, with blanks
 * around it and the case of letters taken away, so that two spellings are not two people. Undefined without the claim.
 * `email` names somebody only while the issuer says `email_verified` (OpenID Connect Core section 5.1): anybody may
 * write any address into a profile.
 * @throws CountersignError token_invalid when the claim is there but is neither plain text nor a whole number
 */
export const humanOf = (claims: Claims, claim: string | undefined): string | undefined => {
  if (claim === undefined) return undefined;
  if (claim === 'email' && claimOf(claims, 'email_verified') !== true) return undefined;
  const value = claimOf(claims, claim);
  if (Number.isSafeInteger(value)) return String(value);
  const text = textClaim(claims, claim)?.normalize('NFKC').trim().toLowerCase();
  if (text === '') throw new CountersignError('token_invalid', `the claim ${claim} is blank`);
  return text;
};

/** A caller as events name a person: the account, and the human behind it where the issuer names one. */
export const personOf = (caller: {
  readonly principal: string;
  readonly issuer: string;
  readonly subject: string;
  readonly human?: string;
}) => ({
  principal: caller.principal,
  issuer: caller.issuer,
  subject: caller.subject,
  ...(caller.human !== undefined && { human: caller.human }),
});
