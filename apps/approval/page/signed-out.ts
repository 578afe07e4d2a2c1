import type { PageSessionEnded } from '#core/approval/page-session.events.js';
import type { Entry } from '#core/evidence/entry.js';
import { knownEvent } from '#core/evidence/read-entry.js';

/** More at once are not remembered one by one. */
export const SIGNED_OUT_MAX = 100_000;

/**
 * Sessions of the page that somebody has signed out of. A session lives in its cookie, so that it is over is kept in the log
 * and followed by every replica; remembered until the session would have ended by itself.
 */
export class SignedOut {
  private readonly until_ms = new Map<string, number>();
  /** What began earlier is over, whoever's it is. */
  private floor_ms = 0;

  constructor(private readonly session_s_max: number) {}

  has(sessionId: string, begun_ms: number): boolean {
    return begun_ms < this.floor_ms || this.until_ms.has(sessionId);
  }

  note(sessionId: string, until_ms: number, now_ms: number): void {
    if (until_ms <= now_ms) return;
    if (this.until_ms.size >= SIGNED_OUT_MAX) this.makeRoom(now_ms);
    this.until_ms.set(sessionId, until_ms);
  }

  /** Of any version it says that the session has ended; one of unknown version is remembered as long as any. */
  apply(sessionId: string, entry: Entry, now_ms: number): void {
    const ended = knownEvent<PageSessionEnded>(entry);
    const until =
      ended === undefined
        ? Date.parse(entry.time) + this.session_s_max * 1_000
        : Date.parse(ended.data.expiresAt);
    this.note(sessionId, until, now_ms);
  }

  /** Forgetting one that could still be used would let its cookie in again: rather everybody signs in anew. */
  private makeRoom(now_ms: number): void {
    for (const [id, until_ms] of this.until_ms) if (until_ms <= now_ms) this.until_ms.delete(id);
    if (this.until_ms.size < SIGNED_OUT_MAX) return;
    this.until_ms.clear();
    this.floor_ms = now_ms;
  }
}
