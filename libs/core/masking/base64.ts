const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SKIP = 0xfe;
const WRONG = 0xff;

const values = new Uint8Array(128).fill(WRONG);
for (let i = 0; i < 64; i++) values[ALPHABET.charCodeAt(i)] = i;
values[0x2d] = 62;
values[0x5f] = 63;
for (const space of [0x20, 0x09, 0x0a, 0x0d]) values[space] = SKIP;

/** Bytes of base64 or base64url (RFC 4648), padded or not, with line breaks or not; undefined for anything else. */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x3d || text.charCodeAt(end - 1) <= 0x20)) end--;
  const bytes = new Uint8Array(Math.ceil((end * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? (values[code] as number) : WRONG;
    if (value === SKIP) continue;
    if (value === WRONG) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (held >> bits) & 0xff;
    }
  }
  return bits === 6 ? undefined : bytes.subarray(0, length);
};

export const encodeBase64 = (bytes: Uint8Array): string => {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const held = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const left = bytes.length - i;
    parts.push(
      (ALPHABET[held >> 18] as string) +
        ALPHABET[(held >> 12) & 63] +
        (left > 1 ? ALPHABET[(held >> 6) & 63] : '=') +
        (left > 2 ? ALPHABET[held & 63] : '='),
    );
  }
  return parts.join('');
};
