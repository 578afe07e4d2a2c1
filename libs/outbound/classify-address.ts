import { BlockList, isIP } from 'node:net';

/**
 * What kind of address it is: `reserved` are those no upstream can have (metadata services, multicast, documentation,
 * tunnels); IANA special-purpose registries, RFC 6890.
 */
export type AddressClass = 'public' | 'private' | 'loopback' | 'reserved';

const listOf = (...ranges: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return list;
};

/** `10.0.0.0/8` or one address. @throws TypeError when it is neither */
export const addRange = (list: BlockList, range: string): void => {
  const [address = '', bits, rest] = range.split('/');
  const version = isIP(address);
  const width = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (version === 0 || rest !== undefined || prefix < 0 || prefix > width)
    throw new TypeError(`${range} is not an address range`);
  list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
};

const LOOPBACK_4 = listOf('127.0.0.0/8');
const PRIVATE_4 = listOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10');
const RESERVED_4 = listOf(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
);

/** The class of an address in text form; what cannot be read is `reserved`. */
export const classifyAddress = (address: string): AddressClass => {
  const version = isIP(address);
  if (version === 4) return classify4(address);
  const groups = version === 6 ? groupsOf(address) : undefined;
  return groups === undefined ? 'reserved' : classify6(groups);
};

const classify4 = (address: string): AddressClass => {
  if (LOOPBACK_4.check(address)) return 'loopback';
  if (PRIVATE_4.check(address)) return 'private';
  return RESERVED_4.check(address) ? 'reserved' : 'public';
};

const classify6 = (groups: readonly number[]): AddressClass => {
  const [first = 0, second = 0] = groups;
  const isZero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  if (isZero(0, 7) && groups[7] === 1) return 'loopback';
  // An IPv4 address in other clothes is that address: ::ffff:a.b.c.d, the old ::a.b.c.d, NAT64 64:ff9b::a.b.c.d.
  const isMapped = isZero(0, 5) && (groups[5] === 0xffff || groups[5] === 0);
  const isNat64 = first === 0x64 && second === 0xff9b && isZero(2, 6);
  if (isMapped || isNat64) return classify4(embedded4(groups));
  if ((first & 0xfe00) === 0xfc00) return 'private';
  const isGlobal = (first & 0xe000) === 0x2000;
  // 2001::/23 with Teredo and ORCHID, 2001:db8::/32, 6to4, 3fff::/20 for documentation.
  const isSpecial =
    (first === 0x2001 && (second < 0x200 || second === 0xdb8)) ||
    first === 0x2002 ||
    (first === 0x3fff && second < 0x1000);
  return isGlobal && !isSpecial ? 'public' : 'reserved';
};

const embedded4 = (groups: readonly number[]): string => {
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

/** Eight numbers; the URL parser writes every spelling of an IPv6 address in one way. */
const groupsOf = (address: string): readonly number[] | undefined => {
  const text = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (text === undefined) return undefined;
  const [head = '', tail] = text.split('::');
  const read = (part: string | undefined) =>
    part ? part.split(':').map((hex) => Number.parseInt(hex, 16)) : [];
  const [left, right] = [read(head), read(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
};
