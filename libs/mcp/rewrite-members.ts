import { scanStrictJson } from './strict-json.js';

export interface MemberChanges {
  /** JSON texts of values, by member; replaces one that is there, else is added in front. */
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/**
 * Changes members of the outermost object of a strict JSON text; all other bytes stay as they are. For the members that
 * the two eras of the protocol write around a result.
 * @throws CountersignError json_malformed when the text is not strict JSON
 */
export const rewriteMembers = (bytes: Uint8Array, { set = {}, remove = [] }: MemberChanges): Uint8Array => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Nearly every result knows none of these names, on any level and however written, and need not be read.
  const names = [...Object.keys(set), ...remove];
  const isNew = !text.includes('\\u') && names.every((key) => !text.includes(JSON.stringify(key)));
  if (isNew && text[0] === OPEN[0]) return inFront(text, set);
  const scan = scanStrictJson(bytes, {
    bytes_max: bytes.length,
    depth_max: 128,
    members_max: Number.MAX_SAFE_INTEGER,
    verbatim: true,
  });
  const parts: Uint8Array[] = Object.entries(set).map(([key, text]) =>
    Buffer.from(`${JSON.stringify(key)}:${text}`),
  );
  for (const { key, start, end } of scan.members) {
    if (Object.hasOwn(set, key) || remove.includes(key)) continue;
    parts.push(Buffer.concat([Buffer.from(`${JSON.stringify(key)}:`), bytes.subarray(start, end)]));
  }
  const joined = parts.flatMap((part, index) => (index === 0 ? [part] : [COMMA, part]));
  return Buffer.concat([OPEN, ...joined, CLOSE]);
};

const inFront = (text: Buffer, set: Readonly<Record<string, string>>): Uint8Array => {
  const members = Object.entries(set).map(([key, value]) => `${JSON.stringify(key)}:${value}`);
  if (members.length === 0) return text;
  let first = 1;
  while (BLANKS.has(text[first])) first += 1;
  const separator = text[first] === CLOSE[0] ? '' : ',';
  return Buffer.concat([OPEN, Buffer.from(members.join(',') + separator), text.subarray(first)]);
};

const BLANKS: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const OPEN = Buffer.from('{');
const CLOSE = Buffer.from('}');
const COMMA = Buffer.from(',');
