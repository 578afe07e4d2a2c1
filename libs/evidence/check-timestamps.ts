import { hash } from 'node:crypto';
import type { Earlier } from './check-consistency.js';
import type { Head } from './check-head.js';
import type { Pack } from './pack.js';

/**
 * RFC 3161 tokens in the pack are about checkpoints of the pack. Whether the authority signed them needs its
 * certificates: `openssl ts -verify` (verify/README.md).
 */
export const checkTimestamps = (pack: Pack, head: Head, earlier: readonly Earlier[]): number => {
  const texts = new Map([
    [head.size, head.note.text],
    ...earlier.map(({ size, text }) => [size, text] as const),
  ]);
  const files = pack.in('tsa');
  for (const file of files) {
    const text = texts.get(Number(/^tsa\/(\d{12})-\d+\.tst$/.exec(file)?.[1] ?? Number.NaN));
    const token = Buffer.from(pack.bytes(file) ?? '');
    const bad = (why: string) => pack.findings.add('timestamp_invalid', `${file} ${why}`, { file });
    if (text === undefined) bad('is about a checkpoint that is not in the pack');
    else if (!isToken(token)) bad('is not a whole time-stamp token');
    else if (!imprintsOf(text).some((imprint) => token.includes(imprint)))
      bad('stamps something else than its checkpoint');
  }
  return files.length;
};

/** DER of MessageImprint (RFC 3161 section 2.4.1) with SHA-256; authorities write its parameters as NULL or not at all. */
const imprintsOf = (text: string): readonly Buffer[] =>
  ['3031300d060960864801650304020105000420', '302f300b06096086480165030402010420'].map((start) =>
    Buffer.concat([Buffer.from(start, 'hex'), hash('sha256', text, 'buffer')]),
  );

const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');

/** ContentInfo with SignedData (RFC 5652): one DER SEQUENCE as long as the file. */
const isToken = (token: Buffer): boolean => {
  const first = token[1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (token[0] !== 0x30 || lengthBytes > 4 || token.length < 2 + lengthBytes) return false;
  const length = lengthBytes === 0 ? first : token.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  return token.length === start + length && token.subarray(start).indexOf(SIGNED_DATA) === 0;
};
