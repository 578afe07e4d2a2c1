import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { SESSION_ENDED, SESSION_MS, sessionStream } from '#core/call/session.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import type { Digest } from '#core/hash.js';
import type { Session } from '#mcp/session.js';
import { EndedSessions } from './ended-sessions.js';

const actor = { kind: 'service', service: 'test', instance: 't' } as const;
const logger = pino({ level: 'silent' });
const about = { expected: -1, actor, correlation: 'c', causation: 'c', newId: randomUUID };

/** A log that holds the end of one session. */
const logWith = (id: string, time_ms: number, { v, data }: Pick<DomainEvent, 'v' | 'data'>): Bus => {
  const stream = sessionStream(id);
  const time = new Date(time_ms).toISOString();
  const [event] = buildAppend({ ...about, stream, time }, [
    { event: { type: SESSION_ENDED, v, data } },
  ]).events;
  return {
    request: async (contract, request) =>
      contract.reply.parse(
        (request as { readonly after?: string }).after === undefined
          ? { events: [{ ...event, stream, revision: 0, position: '1' }], scannedTo: '1' }
          : { events: [], scannedTo: '1' },
      ),
    close: async () => undefined,
  };
};

let sessions: EndedSessions | undefined;
afterEach(() => sessions?.stop());
const isOpen = (bus: Bus, id: string): Promise<unknown> => {
  sessions = new EndedSessions(bus, logger);
  sessions.start();
  return sessions.requireOpen(id).then(
    () => 'open',
    (error: unknown) => (error instanceof CountersignError ? error.code : error),
  );
};

describe('a session whose end a newer release has recorded', () => {
  const newer = { v: 9, data: { because: 'logout' } };

  it('has ended, although the record cannot be read', async () => {
    expect(await isOpen(logWith('s', Date.now(), newer), 's')).toBe('session_unknown');
    expect(await isOpen(logWith('s', Date.now(), newer), 'other')).toBe('open');
  });

  it('is remembered for as long as a session can live, and no longer', async () => {
    expect(await isOpen(logWith('s', Date.now() - SESSION_MS + 60_000, newer), 's')).toBe('session_unknown');
    expect(await isOpen(logWith('s', Date.now() - SESSION_MS - 60_000, newer), 's')).toBe('open');
  });
});

const SESSION: Session = {
  id: 's',
  principal: 'p' as Digest,
  protocolVersion: '2025-11-25',
  client: { name: 'c', version: '1' },
  capabilities: [],
  issuedAt_ms: Date.now(),
  expiresAt_ms: Date.now() + 60_000,
};

/** A ledger whose appends fit behind `revision` of the session's stream, and what was expected of it. */
const ledgerAt = (revision: number) => {
  const expected: number[] = [];
  const request = async (_contract: unknown, command: { readonly expected: number }) => {
    expected.push(command.expected);
    if (command.expected !== revision) throw new CountersignError('revision_conflict');
    return {};
  };
  const bus = { request, close: async () => undefined } as unknown as Bus;
  return { expected, ended: new EndedSessions(bus, logger) };
};

describe('the end of a session is recorded', () => {
  it.each([
    ['behind its start', 0, [0]],
    ['alone, when its start was not recorded', -1, [0, -1]],
  ])('%s', async (_, revision, tried) => {
    const { expected, ended } = ledgerAt(revision);
    await ended.end(SESSION, actor);
    expect(expected).toEqual(tried);
  });

  it('once only', async () => {
    const { ended } = ledgerAt(1);
    await expect(ended.end(SESSION, actor)).rejects.toMatchObject({ code: 'revision_conflict' });
  });
});
