/** Discovery documents and key sets are a few KB; more is a mistake or an attack. */
const DOCUMENT_BYTES_MAX = 512 * 1024;

/** @throws Error for a longer answer, or one that is not UTF-8 */
export const boundedText = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > DOCUMENT_BYTES_MAX) throw new Error(`answer over ${DOCUMENT_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
};

/**
 * GET of a JSON document: no redirects (an issuer that redirects could be made to point anywhere), bounded in size, and
 * in time by `signal`.
 * @throws Error when anything of that fails
 */
export const fetchJson = async (url: string, signal: AbortSignal): Promise<unknown> => {
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`HTTP status ${response.status}`);
  }
  return JSON.parse(await boundedText(response));
};
