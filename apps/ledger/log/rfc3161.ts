import { createHash } from 'node:crypto';

/**
 * The few structures of RFC 3161 that asking for a time stamp needs, in DER. Whether a token is one of the authority is
 * checked offline (`openssl ts -verify`), with a certificate that does not come from us.
 */
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const CONTEXT_0 = 0xa0;

const SHA256 = Buffer.from('0609608648016503040201', 'hex');
const NULL = Buffer.from('0500', 'hex');
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');
const TST_INFO = Buffer.from('060b2a864886f70d0109100104', 'hex');

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
};

export const imprintOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** TimeStampReq (section 2.4.1) for a SHA-256 imprint, asking for the certificate. `nonce`: 8 bytes. */
export const timeStampRequest = (imprint: Uint8Array, nonce: Uint8Array): Buffer =>
  der(
    SEQUENCE,
    der(INTEGER, Buffer.from([1])),
    der(SEQUENCE, der(SEQUENCE, SHA256, NULL), der(OCTET_STRING, imprint)),
    der(INTEGER, positive(nonce)),
    Buffer.from([0x01, 0x01, 0xff]),
  );

/**
 * The token of a TimeStampResp (section 2.4.2) that was granted for this imprint and nonce.
 * @throws Error when it was not, or is not one
 */
export const tokenIn = (response: Uint8Array, imprint: Uint8Array, nonce: Uint8Array): Buffer => {
  const [statusInfo, token] = childrenOf(read(Buffer.from(response)), SEQUENCE);
  const status = childrenOf(statusInfo, SEQUENCE)[0]?.content;
  // 0 granted, 1 granted with modifications
  if (status?.length !== 1 || (status[0] as number) > 1)
    throw new Error(`the authority has not granted it: status ${status?.toString('hex')}`);
  const info = tstInfoOf(token);
  const [, , messageImprint, , , ...rest] = childrenOf(read(info), SEQUENCE);
  const [algorithm, hashed] = childrenOf(messageImprint, SEQUENCE);
  // Whether the parameters are absent or NULL differs between authorities (RFC 5754 section 2).
  const isSha256 = childrenOf(algorithm, SEQUENCE)[0]?.whole.equals(SHA256) === true;
  if (!isSha256 || hashed?.tag !== OCTET_STRING || !hashed.content.equals(imprint))
    throw new Error('the token is for another imprint');
  if (!rest.some(({ tag, content }) => tag === INTEGER && content.equals(positive(nonce))))
    throw new Error('the token answers another request');
  return (token as Element).whole;
};

/** TSTInfo: content of the SignedData in the token (section 2.4.2). */
const tstInfoOf = (token: Element | undefined): Buffer => {
  const [type, explicit] = childrenOf(token, SEQUENCE);
  if (type?.tag !== OBJECT_IDENTIFIER || !type.whole.equals(SIGNED_DATA))
    throw new Error('there is no token');
  const [, , encapsulated] = childrenOf(childrenOf(explicit, CONTEXT_0)[0], SEQUENCE);
  const [contentType, content] = childrenOf(encapsulated, SEQUENCE);
  if (contentType?.whole.equals(TST_INFO) !== true) throw new Error('the token is not a time stamp');
  const [octets] = childrenOf(content, CONTEXT_0);
  if (octets?.tag !== OCTET_STRING) throw new Error('the token is not a time stamp');
  return octets.content;
};

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** One element of DER: single-byte tags, definite lengths up to 4 bytes. @throws Error */
const read = (bytes: Buffer, at = 0): Element => {
  const tag = bytes[at];
  const first = bytes[at + 1];
  const count = first === undefined || first < 0x80 ? 0 : first - 0x80;
  if (
    tag === undefined ||
    first === undefined ||
    count > 4 ||
    first === 0x80 ||
    at + 2 + count > bytes.length
  )
    throw new Error('this is not DER');
  const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
  const start = at + 2 + count;
  if (start + length > bytes.length) throw new Error('this is not DER: it is cut short');
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
};

const childrenOf = (element: Element | undefined, tag: number): readonly Element[] => {
  if (element?.tag !== tag) throw new Error('this is not a time-stamp answer');
  const children: Element[] = [];
  for (let at = 0; at < element.content.length; ) {
    const child = read(element.content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
};

/** Bytes of an INTEGER: no superfluous zeros, and no sign bit. */
const positive = (bytes: Uint8Array): Buffer => {
  const trimmed = Buffer.from(bytes).subarray(
    Math.max(
      0,
      Math.min(
        bytes.findIndex((byte) => byte !== 0),
        bytes.length - 1,
      ),
    ),
  );
  return (trimmed[0] as number) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : Buffer.from(trimmed);
};
