import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { CountersignError } from '#core/errors.js';
import type { Actor } from '#core/evidence/entry.js';
import type { Digest } from '#core/hash.js';
import type { Session } from '#mcp/session.js';
import { EndedSessions } from './ended-sessions.js';

const ACTOR: Actor = { kind: 'service', service: 'ingress', instance: 'i' };
const SESSION: Session = {
  id: 's',
  principal: 'p' as Digest,
  protocolVersion: '2025-11-25',
  client: { name: 'c', version: '1' },
  capabilities: [],
  issuedAt_ms: Date.now(),
  expiresAt_ms: Date.now() + 60_000,
};

/** Appends fit behind `revision`, the last one of the session's stream. */
const ledger = (revision: number) => {
  const expected: number[] = [];
  const request = async (_contract: unknown, command: { readonly expected: number }) => {
    expected.push(command.expected);
    if (command.expected !== revision) throw new CountersignError('revision_conflict');
    return {};
  };
  const bus = { request, close: async () => {} } as unknown as Bus;
  return { expected, sessions: new EndedSessions(bus, pino({ level: 'silent' })) };
};

describe('the end of a session is recorded', () => {
  it.each([
    ['behind its start', 0, [0]],
    ['alone, when its start was not recorded', -1, [0, -1]],
  ])('%s', async (_, revision, tried) => {
    const { expected, sessions } = ledger(revision);
    await sessions.end(SESSION, ACTOR);
    expect(expected).toEqual(tried);
  });

  it('once only', async () => {
    const { sessions } = ledger(1);
    await expect(sessions.end(SESSION, ACTOR)).rejects.toMatchObject({ code: 'revision_conflict' });
  });
});
