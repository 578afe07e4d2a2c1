const CLIENT_TEXT_MAX = 64;

/**
 * Name or version of a client as it says itself (`clientInfo`): at most 64 characters, empty when it is no text. Without
 * what JSON would escape, so that it is at most 192 bytes wherever it is kept and can forge no line of a log.
 */
export const clientText = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replace(/[\p{Cc}\p{Cs}"\\]/gu, ' ')
        .slice(0, CLIENT_TEXT_MAX)
        .toWellFormed()
    : '';
