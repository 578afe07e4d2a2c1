import { randomUUID } from 'node:crypto';
import type { Bus } from '#bus/bus.js';
import { ledgerAppend, ledgerReadAll } from '#contracts/ledger.js';
import { SESSION_ENDED, SESSION_MS, type SessionEnded, sessionStream } from '#core/call/session.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Actor } from '#core/evidence/entry.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Session } from '#mcp/session.js';

const PAGE = 1_000;
const FOLLOW_MS = 1_000;
/** At the start, until the past is read. */
const FIRST_MS = 100;
const WAIT_MS_MAX = 1_500;

/**
 * Sessions that their clients have ended. A session lives in its own id, so that it is over is kept in the log and followed
 * by every replica, within a second or two; remembered until the session would have expired by itself.
 */
export class EndedSessions {
  private readonly until = new Map<string, number>();
  private after: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly past = Promise.withResolvers<true>();
  private isPastRead = false;

  constructor(private readonly bus: Bus) {}

  start(): void {
    void this.follow();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /**
   * Lets a session pass that nobody has ended.
   * @throws CountersignError session_unknown; ledger_unavailable while it cannot be known
   */
  async requireOpen(id: string): Promise<void> {
    if (!this.isPastRead && !(await Promise.race([this.past.promise, after(WAIT_MS_MAX)])))
      throw new CountersignError('ledger_unavailable', 'ended sessions are not known yet');
    if (this.until.has(id)) throw new CountersignError('session_unknown');
  }

  /** On record, and from now on unknown here. @throws CountersignError ledger_* */
  async end({ id, client, expiresAt_ms }: Session, actor: Actor): Promise<void> {
    const event: SessionEnded = { type: SESSION_ENDED, v: 1, data: { client, expires_ms: expiresAt_ms } };
    const time = new Date().toISOString();
    const about = { time, actor, correlation: id, causation: id, newId: randomUUID };
    await this.bus.request(
      ledgerAppend,
      buildAppend({ ...about, stream: sessionStream(id), expected: -1 }, [{ event }]),
    );
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

  private async follow(): Promise<void> {
    try {
      while (!this.stopped && (await this.readPage()));
      this.isPastRead = true;
      this.past.resolve(true);
    } catch {
      // The ledger is away: the next look finds what was missed.
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.follow(), this.isPastRead ? FOLLOW_MS : FIRST_MS);
    this.timer.unref();
  }

  /** @returns whether there may be more at once */
  private async readPage(): Promise<boolean> {
    const { after } = this;
    const page = await this.bus.request(ledgerReadAll, {
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
      types: [SESSION_ENDED],
      wait_ms: 0,
    });
    for (const { stream, entry } of page.events) {
      const read = readEntry(entry);
      const ended = knownEvent<SessionEnded>(read);
      // Of any version it says that the session has ended; one of unknown version is remembered as long as any.
      const expires_ms = ended?.data.expires_ms ?? Date.parse(read.time) + SESSION_MS;
      this.remember(stream.slice(sessionStream('').length), expires_ms);
    }
    this.after = page.scannedTo ?? after;
    return page.scannedTo !== undefined && page.scannedTo !== after;
  }
}

const after = (wait_ms: number): Promise<false> =>
  new Promise((resolve) => setTimeout(resolve, wait_ms, false).unref());
