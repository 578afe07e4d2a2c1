/** Sessions that their clients have ended; kept until they would have expired by themselves. */
export class EndedSessions {
  private readonly until = new Map<string, number>();

  add(id: string, expiresAt_ms: number): void {
    const now = Date.now();
    for (const [ended, expires] of this.until) if (expires < now) this.until.delete(ended);
    this.until.set(id, expiresAt_ms);
  }

  has(id: string): boolean {
    return this.until.has(id);
  }
}
