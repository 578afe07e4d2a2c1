import { describe, expect, it } from 'vitest';
import { classifyAddress } from './classify-address.js';
import { outboundRules } from './outbound-rules.js';

describe('the class of an address', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['64:ff9b::a00:1', 'private'],
    ['0.0.0.0', 'reserved'],
    ['0.1.2.3', 'reserved'],
    ['169.254.169.254', 'reserved'],
    ['::ffff:169.254.169.254', 'reserved'],
    ['::a9fe:a9fe', 'reserved'],
    ['64:ff9b::a9fe:a9fe', 'reserved'],
    ['64:ff9b:1::1', 'reserved'],
    ['fe80::1', 'reserved'],
    ['fe80::1%eth0', 'reserved'],
    ['febf::1', 'reserved'],
    ['fec0::1', 'reserved'],
    ['224.0.0.1', 'reserved'],
    ['239.255.255.255', 'reserved'],
    ['ff02::1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['192.0.0.1', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['203.0.113.9', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['::', 'reserved'],
    ['2001::1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['3fff::1', 'reserved'],
    ['100::1', 'reserved'],
    ['not an address', 'reserved'],
    ['', 'reserved'],
  ])('%s is %s', (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });
});

describe('what may be reached', () => {
  const production = outboundRules({ allow: [], loopback: false });

  it('public addresses only, when nothing is listed', () => {
    expect(production.permits('server.example', '8.8.8.8')).toBe(true);
    for (const address of ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', 'fd00::1'])
      expect(production.permits('server.example', address)).toBe(false);
  });

  it('this machine in development, and nothing else private', () => {
    const development = outboundRules({ allow: [], loopback: true });
    expect(development.permits('localhost', '127.0.0.1')).toBe(true);
    expect(development.permits('localhost', '::1')).toBe(true);
    expect(development.permits('localhost', '10.0.0.1')).toBe(false);
    expect(development.permits('localhost', '169.254.169.254')).toBe(false);
  });

  it('a listed range, whatever the name', () => {
    const rules = outboundRules({ allow: ['10.1.0.0/16', 'fd00:1::/32', '192.168.7.7'], loopback: false });
    expect(rules.permits('a.example', '10.1.2.3')).toBe(true);
    expect(rules.permits('a.example', '::ffff:10.1.2.3')).toBe(true);
    expect(rules.permits('a.example', 'fd00:1::5')).toBe(true);
    expect(rules.permits('a.example', '192.168.7.7')).toBe(true);
    expect(rules.permits('a.example', '10.2.0.1')).toBe(false);
    expect(rules.permits('a.example', '192.168.7.8')).toBe(false);
  });

  it('a listed host at private addresses, but never at those of metadata services', () => {
    const rules = outboundRules({ allow: ['Mcp.Bank.Internal'], loopback: false });
    expect(rules.permits('mcp.bank.internal', '10.1.2.3')).toBe(true);
    expect(rules.permits('MCP.bank.internal', '10.1.2.3')).toBe(true);
    expect(rules.permits('mcp.bank.internal', '169.254.169.254')).toBe(false);
    expect(rules.permits('other.bank.internal', '10.1.2.3')).toBe(false);
  });

  it('plain HTTP to this machine and to listed hosts only', () => {
    const rules = outboundRules({ allow: ['mcp.bank.internal'], loopback: false });
    for (const host of ['localhost', '127.0.0.1', '[::1]', 'mcp.bank.internal'])
      expect(rules.permitsPlainHttp(host)).toBe(true);
    expect(rules.permitsPlainHttp('mcp.example')).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', 'fd00::/129', 'x/8', 'a b', '-x', 'http://x'])(
    'refuses the entry %s at the start',
    (entry) => {
      expect(() => outboundRules({ allow: [entry], loopback: false })).toThrow(TypeError);
    },
  );
});
