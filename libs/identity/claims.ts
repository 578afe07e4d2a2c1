import { CountersignError } from '#core/errors.js';

/** The parsed payload of a token: whatever an issuer chose to put there. */
export type Claims = Readonly<Record<string, unknown>>;

const TEXT_CLAIM_CHARACTERS_MAX = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/;

export const isRecord = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isStringList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** An own claim; never something inherited ("constructor"). */
export const claimOf = (claims: Claims, name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : undefined;

/** Text that can stand in a record, a log line or an approval card without rewriting what surrounds it. */
export const isPlainText = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= TEXT_CLAIM_CHARACTERS_MAX &&
  !UNPRINTABLE.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''));

/** A text claim, undefined when missing. @throws CountersignError token_invalid when it is there but is not plain text. */
export const textClaim = (claims: Claims, name: string): string | undefined => {
  const value = claimOf(claims, name);
  if (value === undefined || value === null || value === '') return undefined;
  if (!isPlainText(value)) throw new CountersignError('token_invalid', `the claim ${name} is not plain text`);
  return value;
};
