import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '#core/hash.js';
import type { SealingKeyring } from './sealed-text.js';
import { declaredCapabilities, openSession, SESSION_TEXT_MAX, type Session, sealSession } from './session.js';

const ALICE: Digest = `sha256:${'a'.repeat(64)}`;
const BOB: Digest = `sha256:${'b'.repeat(64)}`;
const oldKey = randomBytes(32);
const newKey = randomBytes(32);
const ring: SealingKeyring = { current: 'k1', keys: new Map([['k1', oldKey]]) };
const session: Session = {
  id: 'session-1',
  principal: ALICE,
  protocolVersion: '2025-11-25',
  client: { name: 'inspector', version: '2.1' },
  capabilities: ['elicitation_url', 'tasks'],
  issuedAt_ms: 1_000,
  expiresAt_ms: 2_000,
};
const unknown = expect.objectContaining({ code: 'session_unknown' });

describe('sealed sessions', () => {
  it('open on any replica that has the key', () => {
    const replica: SealingKeyring = { current: 'k1', keys: new Map([['k1', Uint8Array.from(oldKey)]]) };
    expect(openSession(replica, sealSession(ring, session), ALICE, 1_999)).toEqual(session);
  });

  it('are unknown to another principal', () => {
    expect(() => openSession(ring, sealSession(ring, session), BOB, 1_500)).toThrow(unknown);
  });

  it('are unknown from the moment they expire', () => {
    expect(() => openSession(ring, sealSession(ring, session), ALICE, 2_000)).toThrow(unknown);
  });

  it('are unknown after any change of any character', () => {
    const text = sealSession(ring, session);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'AZaz09-_.= '), (at, char) => {
        fc.pre(text[at] !== char);
        const forged = text.slice(0, at) + char + text.slice(at + 1);
        expect(() => openSession(ring, forged, ALICE, 1_500)).toThrow(unknown);
      }),
    );
  });

  it.each([
    '',
    'v1',
    'v1.k1.',
    'v1.k1.AAAA',
    'v1.k2.AAAA',
    'v2.k1.AAAA',
    'session-1',
    `v1.k1.${'A'.repeat(4_000)}`,
  ])('are unknown when the text is %j', (text) => {
    expect(() => openSession(ring, text, ALICE, 1_500)).toThrow(unknown);
  });

  it('stay readable after the keys have rotated, until their key is taken away', () => {
    const text = sealSession(ring, session);
    const rotated: SealingKeyring = {
      current: 'k2',
      keys: new Map([
        ['k1', oldKey],
        ['k2', newKey],
      ]),
    };
    expect(openSession(rotated, text, ALICE, 1_500)).toEqual(session);
    expect(sealSession(rotated, session)).toMatch(/^v1\.k2\./);
    const withoutOld: SealingKeyring = { current: 'k2', keys: new Map([['k2', newKey]]) };
    expect(() => openSession(withoutOld, text, ALICE, 1_500)).toThrow(unknown);
  });

  it('do not open under another key of the same id', () => {
    const other: SealingKeyring = { current: 'k1', keys: new Map([['k1', newKey]]) };
    expect(() => openSession(other, sealSession(ring, session), ALICE, 1_500)).toThrow(unknown);
  });

  it('are visible ASCII of bounded length whatever the client calls itself', () => {
    const name = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(name, name, (clientName, version) => {
        const big: Session = { ...session, id: 'x'.repeat(64), client: { name: clientName, version } };
        const text = sealSession(ring, big);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(text.length).toBeLessThanOrEqual(SESSION_TEXT_MAX);
        const opened = openSession(ring, text, ALICE, 1_500);
        expect(opened.client.name.length).toBeLessThanOrEqual(64);
        expect(opened.client.name).not.toMatch(/\p{Cc}/u);
      }),
    );
    expect(
      openSession(
        ring,
        sealSession(ring, { ...session, client: { name: '\u{1f600}'.repeat(80), version: '\ud800' } }),
        ALICE,
        1,
      ).client.name,
    ).toHaveLength(64);
  });

  it('say nothing about their content', () => {
    const text = sealSession(ring, session);
    expect(Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toMatch(
      /inspector|session-1/,
    );
    expect(sealSession(ring, session)).not.toBe(text);
  });

  it('cannot be sealed without a proper key or with a malformed id', () => {
    expect(() => sealSession({ current: 'k9', keys: new Map() }, session)).toThrow(TypeError);
    expect(() => sealSession({ current: 'k1', keys: new Map([['k1', randomBytes(16)]]) }, session)).toThrow(
      TypeError,
    );
    expect(() => sealSession(ring, { ...session, id: 'a b' })).toThrow(TypeError);
  });
});

describe('declared capabilities', () => {
  it('tell elicitation by form and by URL apart', () => {
    expect(declaredCapabilities({ elicitation: {} })).toEqual(['elicitation']);
    expect(declaredCapabilities({ elicitation: { url: {} } })).toEqual(['elicitation_url']);
    expect(declaredCapabilities({ elicitation: { form: {}, url: {} } })).toEqual([
      'elicitation',
      'elicitation_url',
    ]);
  });

  it('count only when they are objects', () => {
    expect(declaredCapabilities({ sampling: {}, roots: { listChanged: true }, tasks: {} })).toEqual([
      'sampling',
      'roots',
      'tasks',
    ]);
    expect(
      declaredCapabilities({ sampling: true, roots: null, tasks: [], elicitation: 'yes', other: {} }),
    ).toEqual([]);
  });
});
