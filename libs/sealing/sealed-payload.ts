/**
 * A sealed payload: "CSP1", u16 length of the header, header JSON, 96-bit nonce, AES-256-GCM ciphertext, 16-byte tag.
 * Everything before the nonce is the additional authenticated data. The plaintext is 32 bytes of salt and then the
 * payload; an entry commits to it as SHA-256(salt || payload), so that destroying the key leaves a commitment nobody
 * can guess from.
 */
export interface SealedHeader {
  readonly kid: string;
  /** The data key, wrapped as a compact JWE (RFC 7516, ECDH-ES+A256KW, RFC 7518 section 4.6) for the sealing key. */
  readonly key: string;
}

const MAGIC = Buffer.from('CSP1');
export const SALT_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

export const headerBytes = (header: SealedHeader): Buffer => {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.allocUnsafe(6);
  MAGIC.copy(prefix);
  prefix.writeUInt16BE(json.length, 4);
  return Buffer.concat([prefix, json]);
};

export interface SealedParts {
  readonly header: SealedHeader;
  readonly aad: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** @throws Error when the bytes are not a sealed payload. */
export const readSealed = (sealed: Uint8Array): SealedParts => {
  const buffer = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (buffer.length < 6 || !buffer.subarray(0, 4).equals(MAGIC)) throw new Error('not a sealed payload');
  const end = 6 + buffer.readUInt16BE(4);
  if (buffer.length < end + NONCE_BYTES + SALT_BYTES + TAG_BYTES)
    throw new Error('sealed payload is cut short');
  return {
    header: JSON.parse(buffer.toString('utf8', 6, end)) as SealedHeader,
    aad: buffer.subarray(0, end),
    nonce: buffer.subarray(end, end + NONCE_BYTES),
    ciphertext: buffer.subarray(end + NONCE_BYTES, -TAG_BYTES),
    tag: buffer.subarray(-TAG_BYTES),
  };
};
