export interface EndedLimits {
  /** How long what has ended is kept. */
  readonly ms: number;
  /** How much of it is kept, at least 1. */
  readonly max: number;
}

/** What has ended and is kept for a while, because people look at what has just happened. What ended first goes first. */
export class Ended {
  private readonly since = new Map<string, number>();

  constructor(
    private readonly limits: EndedLimits,
    private readonly forget: (id: string) => void,
  ) {}

  add(id: string): void {
    if (!this.since.has(id)) this.since.set(id, Date.now());
    this.tidy();
  }

  tidy(): void {
    const { ms, max } = this.limits;
    const before = Date.now() - ms;
    for (const [id, at] of this.since) {
      if (at >= before && this.since.size <= max) return;
      this.since.delete(id);
      this.forget(id);
    }
  }
}
