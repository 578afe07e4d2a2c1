import { CountersignError } from '../errors.js';

export const URI_CHARS_MAX = 2_048;

const SCHEME = /^[a-z][a-z0-9+.-]*:/;
const PRINTABLE = /^[\x21-\x7e]*$/;
const PERCENT = /%(?![0-9A-F]{2})/;
/** Encoded although they need not be: letters, digits, `-`, `.`, `_`, `~`. */
const NEEDLESSLY_ENCODED = /%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9A]|5F|6[1-9A-F]|7[0-9A]|7E)/;
/** What a server could take for the end of a text, a line break, a separator of folders, or another escape. */
const ENCODED_TRAP = /%(?:[01][0-9A-F]|7F|2F|5C|25[0-9A-Fa-f]{2})/;
const DOT_SEGMENT = /(?:^|[/:?#;&=,])\.\.?(?=$|[/?#;&=,])/;
/** `//` anywhere but behind a colon, where a host begins; `///` is `//`, no host, and the path. */
const EMPTY_SEGMENT = /(?<!:|:\/)\/\//;

/**
 * Why a resource URI is refused, in a few words without the URI; undefined when it is fine. A policy pattern and the
 * upstream must read the same resource, so everything that two readers may read differently is refused: over 2,048
 * characters, anything but printable ASCII, blanks, backslashes, no scheme in lower case, `.` and `..` segments, empty
 * segments, and percent escapes that are broken, in lower case, needless (RFC 3986 section 6.2.2), double, or hide a
 * control character, `/` or `\`. Part of policy semantics 1: what is refused here belongs to no operation, for ever.
 */
export const uriProblem = (uri: string): string | undefined =>
  SCHEME.test(uri) ? spellingProblem(uri) : 'it has no scheme in lower case';

/** The same for a pattern of a policy, whose `*` may stand for the scheme as well. */
export const uriPatternProblem = (pattern: string): string | undefined =>
  pattern.startsWith('*') ? spellingProblem(pattern) : uriProblem(pattern);

const spellingProblem = (text: string): string | undefined => {
  if (text.length > URI_CHARS_MAX) return `it is longer than ${URI_CHARS_MAX} characters`;
  if (!PRINTABLE.test(text)) return 'it has characters other than printable ASCII';
  if (text.includes('\\')) return 'it has a backslash';
  if (DOT_SEGMENT.test(text)) return 'it has a "." or ".." segment';
  if (EMPTY_SEGMENT.test(text)) return 'it has an empty segment';
  if (PERCENT.test(text)) return 'it has a percent sign without two digits 0-9, A-F in capitals';
  if (NEEDLESSLY_ENCODED.test(text)) return 'it encodes a character that needs no encoding';
  if (ENCODED_TRAP.test(text))
    return 'it encodes a control character, a slash, a backslash or another escape';
  return undefined;
};

/**
 * Lets a resource URI through that everybody reads the same (`uriProblem`); it goes on as it came.
 * @throws CountersignError params_invalid; the detail does not repeat the URI, which may hold personal data
 */
export const checkResourceUri = (uri: string): void => {
  const problem = uriProblem(uri);
  if (problem !== undefined)
    throw new CountersignError('params_invalid', `the resource URI is refused: ${problem}`);
};
