import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCidr, parseRange } from './cidr.js';

const ipv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

describe('cidr', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['10.1.2.3/32', '10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['10.0.0.0/8', '::FFFF:0a01:0101', true],
    ['10.0.0.0/8', '2001:db8::1', false],
    ['2001:db8::/32', '2001:DB8:0:0::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['::/0', '10.0.0.1', false],
    ['::/0', '::', true],
    ['::1/128', '0:0:0:0:0:0:0:1', true],
    ['64:ff9b::/96', '64:ff9b::1.2.3.4', true],
  ])('%s has %s: %s', (range, address, inside) => {
    expect(compileCidr([range])(address)).toBe(inside);
  });

  it.each(
    [
      [
        '010.0.0.1',
        '10.1',
        '167772161',
        '0x0a000001',
        '10.0.0.256',
        '10.0.0.1.1',
        '10.0.0.1/32',
        ' 10.0.0.1',
      ],
      [
        'localhost',
        '',
        'fe80::1%eth0',
        '1::2::3',
        '12345::',
        ':1',
        '1:',
        '1:2:3:4:5:6:7:8:9',
        '1.2.3.4::',
        ':::',
      ],
      ['1:2:3:4:5:6:7::8:9', '[::1]', '::1.2.3', '１0.0.0.1'],
    ].flat(),
  )('%j is no address and therefore unknown', (address) => {
    expect(compileCidr(['0.0.0.0/0', '::/0'])(address)).toBeUndefined();
  });

  it.each([
    '10.0.0.1/8',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '::ffff:10.0.0.0/104',
    '::/129',
    '10.0.0.0/8/8',
    'x/8',
  ])('%s is no range', (range) => {
    expect(parseRange(range)).toBeUndefined();
    expect(() => compileCidr([range])).toThrow(TypeError);
  });

  it('IPv4 ranges agree with integer division', () => {
    const number = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(number, number, fc.integer({ min: 0, max: 32 }), (network, address, bits) => {
        const size = 2 ** (32 - bits);
        const base = Math.floor(network / size) * size;
        const near = base + (address % (2 * size));
        for (const candidate of [address, Math.min(near, 0xffffffff)]) {
          const inside = Math.floor(candidate / size) === base / size;
          expect(compileCidr([`${ipv4(base)}/${bits}`])(ipv4(candidate))).toBe(inside);
        }
      }),
    );
  });
});
