import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import { LogFollower } from '#bus/log-follower.js';
import { ledgerAppend, type WireEvent } from '#contracts/ledger.js';
import { SESSION_ENDED, SESSION_MS, type SessionEnded, sessionStream } from '#core/call/session.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Actor } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Session } from '#mcp/session.js';

const PAGE = 1_000;
const FOLLOW_MS = 1_000;
const WAIT_MS_MAX = 1_500;

/**
 * Sessions that their clients have ended. A session lives in its own id, so that it is over is kept in the log and followed
 * by every replica, within a second or two; remembered until the session would have expired by itself.
 */
export class EndedSessions {
  private readonly until = new Map<string, number>();
  private readonly log: LogFollower;

  constructor(
    private readonly bus: Bus,
    logger: Logger,
  ) {
    this.log = new LogFollower(bus, logger, {
      types: [SESSION_ENDED],
      page: PAGE,
      wait_ms: 0,
      pause_ms: FOLLOW_MS,
      onEvents: (events) => this.take(events),
    });
  }

  start(): void {
    this.log.start();
  }

  stop(): Promise<void> {
    return this.log.stop();
  }

  /**
   * Lets a session pass that nobody has ended.
   * @throws CountersignError session_unknown; ledger_unavailable while it cannot be known
   */
  async requireOpen(id: string): Promise<void> {
    if (!this.log.isCaughtUp) await Promise.race([this.log.caughtUp, after(WAIT_MS_MAX)]);
    if (!this.log.isCaughtUp)
      throw new CountersignError('ledger_unavailable', 'ended sessions are not known yet');
    if (this.until.has(id)) throw new CountersignError('session_unknown');
  }

  /** On record, and from now on unknown here. @throws CountersignError ledger_* */
  async end({ id, client, expiresAt_ms }: Session, actor: Actor): Promise<void> {
    const event: SessionEnded = { type: SESSION_ENDED, v: 1, data: { client, expires_ms: expiresAt_ms } };
    const time = new Date().toISOString();
    const about = { time, actor, correlation: id, causation: id, newId: randomUUID };
    const append = (expected: number) =>
      this.bus.request(
        ledgerAppend,
        buildAppend({ ...about, stream: sessionStream(id), expected }, [{ event }]),
      );
    await append(0).catch((error: unknown) => {
      // A session that was opened by a version which did not record that.
      if (error instanceof CountersignError && error.code === 'revision_conflict') return append(-1);
      throw error;
    });
    this.remember(id, expiresAt_ms);
  }

  private remember(id: string, expires_ms: number): void {
    const now = Date.now();
    for (const [ended, expires] of this.until) {
      if (expires >= now) break;
      this.until.delete(ended);
    }
    if (expires_ms >= now) this.until.set(id, expires_ms);
  }

  private take(events: readonly WireEvent[]): void {
    for (const { stream, entry } of events) {
      const read = readEntry(entry);
      const ended = knownEvent<SessionEnded>(read);
      // Of any version it says that the session has ended; one of unknown version is remembered as long as any.
      const expires_ms = ended?.data.expires_ms ?? Date.parse(read.time) + SESSION_MS;
      this.remember(stream.slice(sessionStream('').length), expires_ms);
    }
  }
}

const after = (wait_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms).unref());
