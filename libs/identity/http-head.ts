/** What a request says before its body, as node:http gives it: nothing joined, dropped or decoded. */
export interface HttpHead {
  readonly method?: string | undefined;
  /** The request target as sent, query included. */
  readonly url?: string | undefined;
  /** Names and values in turn, repetitions included; `headers` of node:http silently keeps the first of some. */
  readonly rawHeaders: readonly string[];
}

/** All values of one header in the order sent. @param name in lower case */
export const headerValues = ({ rawHeaders }: HttpHead, name: string): readonly string[] =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);

/** Scheme and authority of an absolute-form target (RFC 9112 section 3.2.2), '' for an ordinary one. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

export const authorityOfTarget = ({ url = '' }: HttpHead): string | undefined => ABSOLUTE.exec(url)?.[0];

/** The path of the target without query; always begins with a slash. */
export const pathOf = ({ url = '' }: HttpHead): string => {
  const path = url.replace(ABSOLUTE, '').replace(/[?#].*$/s, '');
  return path.startsWith('/') ? path : `/${path}`;
};

/** The query of the target without its question mark, '' when there is none. */
export const queryOf = ({ url = '' }: HttpHead): string => {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
};
