/** Browsers keep 4,096 bytes a cookie, its name and attributes included. */
const CHARS_MAX = 3_600;
/** More would not fit into the 16 KiB of headers that the server takes. */
const PARTS_MAX = 3;

export interface CookieRules {
  /** Over TLS the prefix binds the cookie to this very host (RFC 6265bis); browsers take it only with Secure. */
  readonly secure: boolean;
  readonly sameSite: 'Lax' | 'Strict';
}

const nameOf = (name: string, { secure }: CookieRules): string => (secure ? `__Host-${name}` : name);

const line = (name: string, value: string, max_age_s: number, rules: CookieRules): string =>
  `${nameOf(name, rules)}=${value}; Path=/; Max-Age=${max_age_s}; HttpOnly; SameSite=${rules.sameSite}${rules.secure ? '; Secure' : ''}`;

/** The value of one cookie. Two of the same name mean that somebody else set one: undefined. */
export const readCookie = (
  header: string | undefined,
  name: string,
  rules: CookieRules,
): string | undefined => {
  const begin = `${nameOf(name, rules)}=`;
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(begin))
    .map((pair) => pair.slice(begin.length));
  return values.length === 1 ? values[0] : undefined;
};

export const writeCookie = line;

/** A value that may be too long for one cookie, in parts. Undefined when it is too long for all of them. */
export const writeParts = (
  name: string,
  value: string,
  max_age_s: number,
  rules: CookieRules,
): readonly string[] | undefined => {
  const parts = value.match(new RegExp(`.{1,${CHARS_MAX}}`, 'gs')) ?? [];
  if (parts.length > PARTS_MAX) return undefined;
  return Array.from({ length: PARTS_MAX }, (_, at) => {
    const part = parts[at];
    return part === undefined
      ? line(`${name}-${at}`, '', 0, rules)
      : line(`${name}-${at}`, at === 0 ? `${parts.length}~${part}` : part, max_age_s, rules);
  });
};

export const clearParts = (name: string, rules: CookieRules): readonly string[] =>
  Array.from({ length: PARTS_MAX }, (_, at) => line(`${name}-${at}`, '', 0, rules));

export const readParts = (
  header: string | undefined,
  name: string,
  rules: CookieRules,
): string | undefined => {
  const first = /^([1-9])~(.*)$/s.exec(readCookie(header, `${name}-0`, rules) ?? '');
  if (first === null) return undefined;
  const count = Math.min(Number(first[1]), PARTS_MAX);
  const parts = Array.from({ length: count - 1 }, (_, at) => readCookie(header, `${name}-${at + 1}`, rules));
  return parts.includes(undefined) ? undefined : [first[2], ...parts].join('');
};
