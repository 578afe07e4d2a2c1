const WITHHELD = '[withheld]';

/** Each is one pass without nested repetition, so that no line can take long. */
const SECRETS: readonly RegExp[] = [
  // JSON Web Tokens, also cut ones.
  /\beyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g,
  /\b(?:bearer|basic|dpop|token)[ :=]+[\w.~+/=-]{6,}/gi,
  // name=value and "name": "value" where the name says that the value is one.
  /\b[\w-]{0,40}(?:password|passwd|secret|token|api[_-]?key|authorization|cookie)\w{0,20}["']?\s{0,3}[=:]\s{0,3}["']?[^\s"',;]+/gi,
  // Credentials in an address.
  /\/\/[^\s/@]{1,200}@/g,
  /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g,
  // Hexadecimal and base64 of 16 bytes and more.
  /\b[0-9a-f]{32,}\b/gi,
  /(?<![\w+/-])(?=[\w+/-]*\d)(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])[\w+/-]{22,}={0,2}/g,
  // Account, card and telephone numbers, also in groups.
  /\+?\d(?:[ .-]?\d){8,}/g,
];

/** Removes what looks like a credential or a person from text of a program. Never all: it is not for audit, only a net. */
export const redactText = (text: string): string =>
  SECRETS.reduce((clean, secret) => clean.replace(secret, WITHHELD), text);
