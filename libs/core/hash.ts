/** SHA-256 as `sha256:<64 hex digits>`; handed into the core, which has no node:crypto of its own. */
export type Digest = `sha256:${string}`;
export type HashFunction = (bytes: Uint8Array | string) => Digest;
