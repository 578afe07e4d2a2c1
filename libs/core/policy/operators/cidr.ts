import type { Truth } from '../policy.types.js';

const IPV4_BYTE = /^(0|[1-9][0-9]{0,2})$/;
const IPV6_GROUP = /^[0-9a-fA-F]{1,4}$/;
const IPV6_CHARS_MAX = 45;

const parseIpv4 = (text: string): number[] | undefined => {
  const parts = text.split('.', 5);
  // A leading zero is octal to some readers and decimal to others, so it is neither here.
  if (parts.length !== 4 || !parts.every((part) => IPV4_BYTE.test(part) && Number(part) <= 255))
    return undefined;
  return parts.map(Number);
};

const parseGroups = (text: string): number[] | undefined => {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (at === parts.length - 1 && part.includes('.')) {
      const tail = parseIpv4(part);
      if (tail === undefined) return undefined;
      bytes.push(...tail);
    } else {
      if (!IPV6_GROUP.test(part)) return undefined;
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    }
  }
  return bytes;
};

const parseIpv6 = (text: string): number[] | undefined => {
  if (text.length > IPV6_CHARS_MAX) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  // An IPv4 tail belongs at the very end, not before the `::`.
  if (tail === undefined || halves[0]?.includes('.') || head.length + tail.length > 14) return undefined;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
};

const isMapped = (bytes: readonly number[]): boolean =>
  bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;

/** 4 or 16 bytes; an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is the IPv4 address it reaches. */
const parseAddress = (text: string): readonly number[] | undefined => {
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text);
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes;
};

export interface AddressRange {
  readonly bytes: readonly number[];
  readonly bits: number;
}

const bitOf = (bytes: readonly number[], at: number): number => ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;

/** `10.0.0.0/8` or `2001:db8::/32`, bits behind the prefix all zero, no IPv4-mapped range. Undefined otherwise. */
export const parseRange = (text: string): AddressRange | undefined => {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const bytes = address.includes(':') ? parseIpv6(address) : parseIpv4(address);
  if (bytes === undefined || rest.length > 0 || !IPV4_BYTE.test(prefix)) return undefined;
  const bits = Number(prefix);
  if (bits > bytes.length * 8 || (bytes.length === 16 && isMapped(bytes))) return undefined;
  for (let at = bits; at < bytes.length * 8; at++) if (bitOf(bytes, at) === 1) return undefined;
  return { bytes, bits };
};

const contains = (range: AddressRange, address: readonly number[]): boolean => {
  if (range.bytes.length !== address.length) return false;
  for (let at = 0; at < range.bits; at++) if (bitOf(range.bytes, at) !== bitOf(address, at)) return false;
  return true;
};

/**
 * Is the value an address in one of the ranges (RFC 4632, RFC 4291)? Anything but a strict IPv4 or IPv6 address is
 * unknown: host names, zone ids, hexadecimal, short or zero-padded IPv4. A range of the other family does not match.
 * @throws TypeError when a range is not one.
 */
export const compileCidr = (texts: readonly string[]): ((value: string) => Truth) => {
  const ranges = texts.map((text) => {
    const range = parseRange(text);
    if (range === undefined) throw new TypeError(`cidr: not a range: ${text}`);
    return range;
  });
  return (value) => {
    const address = parseAddress(value);
    return address === undefined ? undefined : ranges.some((range) => contains(range, address));
  };
};
