/** How a text looks inside base64 that begins up to two bytes before it: without the characters its neighbours share. */
const inBase64 = (text: string): readonly string[] =>
  [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64url');
    return encoded.slice(shift === 0 ? 0 : shift + 1, -4);
  });

/** Every `SAMPLE`th signature; all of them would take longer to look for than to make. */
const SAMPLE = 25;

/**
 * Texts of which at least one is wherever a token is, or a part of one: the claim that all tokens have, plain and in
 * base64, the JOSE headers, and signatures.
 */
export const tracesOfTokens = (tokens: ReadonlySet<string>, claim: string): readonly string[] => [
  claim,
  ...inBase64(claim),
  ...new Set([...tokens].map((token) => token.split('.')[0] ?? claim)),
  ...[...tokens].filter((_, index) => index % SAMPLE === 0).map((token) => token.split('.')[2] ?? claim),
];
