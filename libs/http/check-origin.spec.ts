import { describe, expect, it } from 'vitest';
import { checkOrigin } from './check-origin.js';

const OWN = 'https://gateway.bank.example';
const answer = (
  headers: readonly (readonly [string, string])[],
  {
    url = '/mcp',
    publicUrl = OWN,
    allowed_origins = ['https://console.bank.example', 'null'],
    allowed_hosts = ['gateway.internal'],
  } = {},
): string => {
  try {
    checkOrigin(
      { method: 'POST', url, rawHeaders: headers.flat() },
      { publicUrl, allowed_origins, allowed_hosts },
    );
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};
const HOST = ['Host', 'gateway.bank.example'] as const;

describe('the Host header', () => {
  it.each([
    'gateway.bank.example',
    'GATEWAY.Bank.Example',
    'gateway.bank.example:443',
    'gateway.bank.example:8080',
    'gateway.internal:80',
  ])('may name the gateway: %s', (host) => {
    expect(answer([['hOsT', host]])).toBe('accepted');
  });

  it.each([
    'evil.example',
    'evil.example:443',
    'gateway.bank.example.',
    'gateway.bank.example.evil.example',
    'evil.example@gateway.bank.example',
    'gateway.bank.example@evil.example',
    'gateway.bank.example, evil.example',
    'gateway.bank.example/x',
    'gateway.bank.example:x',
    'gateway.bank.example:',
    '127.0.0.1',
    'localhost',
    '[::1]',
    '',
    ' ',
    'gatewаy.bank.example',
  ])('may name nothing else: %j', (host) => {
    expect(answer([['Host', host]])).toContain('origin_refused');
  });

  it('must be there exactly once', () => {
    expect(answer([])).toContain('Host');
    expect(answer([HOST, HOST])).toContain('Host');
    expect(answer([HOST, ['host', 'evil.example']])).toContain('Host');
  });

  it('is not overruled by X-Forwarded-Host or Forwarded', () => {
    const forwarded = [
      ['X-Forwarded-Host', 'gateway.bank.example'],
      ['Forwarded', 'host=gateway.bank.example'],
    ] as const;
    expect(answer([['Host', 'evil.example'], ...forwarded])).toContain('Host');
    expect(answer([HOST, ['X-Forwarded-Host', 'evil.example']])).toBe('accepted');
  });

  it('on a loopback address may be any loopback name written as itself', () => {
    const at = (host: string) => answer([['Host', host]], { publicUrl: 'http://127.0.0.1:8080' });
    for (const host of ['127.0.0.1:8080', 'localhost', 'LOCALHOST:1', '[::1]:8080', '[0:0:0:0:0:0:0:1]'])
      expect(at(host)).toBe('accepted');
    for (const host of [
      '127.1',
      '0x7f.0.0.1',
      '2130706433',
      '0.0.0.0',
      '[::ffff:127.0.0.1]',
      'localhost.',
      '10.0.0.1',
    ])
      expect(at(host)).toContain('origin_refused');
  });
});

describe('the Origin header', () => {
  it.each(['https://gateway.bank.example', 'https://console.bank.example'])('may be %s', (origin) => {
    expect(answer([HOST, ['Origin', origin]])).toBe('accepted');
  });

  it.each([
    'null',
    'https://evil.example',
    'http://gateway.bank.example',
    'https://gateway.bank.example:8443',
    'https://gateway.bank.example.',
    'https://gateway.bank.example/',
    'https://gateway.bank.example.evil.example',
    'HTTPS://GATEWAY.BANK.EXAMPLE',
    '',
  ])('may not be %j', (origin) => {
    expect(answer([HOST, ['Origin', origin]])).toContain('Origin');
  });

  it('may not stand there twice', () => {
    expect(answer([HOST, ['Origin', OWN], ['Origin', OWN]])).toContain('Origin');
  });
});

describe('the request target', () => {
  it.each(['https://gateway.bank.example/mcp', 'http://GATEWAY.bank.example:80/mcp'])(
    'in absolute form may name the gateway (RFC 9112 section 3.2.2): %s',
    (url) => expect(answer([HOST], { url })).toBe('accepted'),
  );

  it.each([
    'http://evil.example/mcp',
    'http://gateway.bank.example@evil.example/mcp',
    'ftp://gateway.bank.example/mcp',
  ])('in absolute form may name nothing else: %s', (url) =>
    expect(answer([HOST], { url })).toContain('request target'),
  );
});

describe('an upgrade', () => {
  it('to WebSocket is refused, other offers are left alone', () => {
    expect(answer([HOST, ['Connection', 'Upgrade'], ['Upgrade', 'WebSocket']])).toContain('upgrade_refused');
    expect(answer([HOST, ['Upgrade', 'h2c']])).toBe('accepted');
  });
});
