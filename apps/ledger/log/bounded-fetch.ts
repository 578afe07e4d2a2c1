export interface BoundedAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** No redirects, bounded in time and size. @throws Error when any of that fails */
export const boundedFetch = async (
  url: string,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  limits: { readonly deadline_ms: number; readonly bytes_max: number },
): Promise<BoundedAnswer> => {
  const signal = AbortSignal.timeout(limits.deadline_ms);
  const response = await fetch(url, { ...init, redirect: 'error', signal });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limits.bytes_max) throw new Error(`the answer is over ${limits.bytes_max} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, bytes: Buffer.concat(chunks) };
};
