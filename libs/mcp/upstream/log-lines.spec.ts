import { describe, expect, it } from 'vitest';
import { cleanText, LINES_PER_SECOND_MAX, logLines } from './log-lines.js';

describe('text of a child in the log', () => {
  it.each([
    ['a JSON Web Token', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln now', 'eyJ'],
    ['a bearer token', 'Authorization: Bearer s3cr3t-t0ken-value', 's3cr3t'],
    ['a named secret', 'DB_PASSWORD=hunter2 connecting', 'hunter2'],
    ['a secret in JSON', '{"api_key": "abc123xyz", "a": 1}', 'abc123xyz'],
    ['credentials in an address', 'postgres://admin:pw1@db/x', 'pw1'],
    ['an e-mail address', 'mail to ada.lovelace@bank.example failed', 'lovelace'],
    ['hexadecimal', 'key 0123456789abcdef0123456789abcdef', 'abcdef01'],
    ['base64', 'data QWxhZGRpbjpvcGVuIHNlc2FtZTEyMw== end', 'QWxh'],
    ['an account number', 'account 4929 1234 5678 9012 blocked', '5678'],
    ['a long number', 'iban DE89370400440532013000', '0440532'],
    ['a telephone number', 'call +49-170-1234567', '1234567'],
  ])('shows nothing of %s', (_, line, secret) => {
    expect(cleanText(line)).not.toContain(secret);
    expect(cleanText(line)).toContain('[withheld]');
  });

  it('leaves ordinary lines as they are', () => {
    const line =
      'listening on http://127.0.0.1:3001/mcp, pid 4711, at 2026-01-01 in /usr/lib/node_modules/some-package/x.js';
    expect(cleanText(line)).toBe(line);
  });

  it('cannot forge lines or colours, and is cut', () => {
    expect(cleanText('a\u001b[31m\r\nb\u202ec\u2028d')).toBe('a [31m b c d');
    expect(cleanText('x '.repeat(10_000)).length).toBeLessThanOrEqual(4_096);
  });

  it('takes no long time for any line', () => {
    for (const unit of ['a', '1', 'a1', 'A-', '@', '.a', 'token', ' 1', 'eyJ', '/', '"=']) {
      const started = performance.now();
      cleanText(unit.repeat(4_096));
      expect(performance.now() - started).toBeLessThan(10_000);
    }
  });

  it('that floods is cut short and counted', async () => {
    const lines: string[] = [];
    const log = logLines((line) => lines.push(line));
    log.chunk(Buffer.from('noise\n'.repeat(10_000)));
    expect(lines.length).toBeLessThanOrEqual(2 * LINES_PER_SECOND_MAX + 1);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    log.chunk(Buffer.from('after\n'));
    expect(lines.at(-1)).toBe('after');
    expect(lines.some((line) => /^\(\d+ lines were dropped\)$/.test(line))).toBe(true);
  });
});
