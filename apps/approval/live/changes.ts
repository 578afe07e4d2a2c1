export interface Change {
  readonly approvalId: string;
  /** Of its newest event in the log. */
  readonly position: bigint;
}

/** Where in the log each approval changed last; the same after a restart and at every replica. Truth is the log. */
export class Changes {
  private readonly positions = new Map<string, bigint>();
  private readonly listeners = new Set<(change: Change) => void>();
  private last = 0n;
  private forgottenTo = 0n;

  /** Position of the newest change of any approval. */
  get head(): bigint {
    return this.last;
  }

  /** Whether all that changed after a position is known. */
  knowsSince(position: bigint): boolean {
    return position >= this.forgottenTo && position <= this.last;
  }

  /** What is not kept at hand is told to those who listen now, and nobody can ask for it later. */
  note(approvalId: string, position: bigint, isKept = true): void {
    if (isKept) this.positions.set(approvalId, position);
    else this.forgetTo(position);
    if (position > this.last) this.last = position;
    for (const listener of [...this.listeners]) listener({ approvalId, position });
  }

  forget(approvalId: string): void {
    this.forgetTo(this.positionOf(approvalId));
    this.positions.delete(approvalId);
  }

  /** What changed up to here may be unknown. */
  forgetTo(position: bigint): void {
    if (position > this.forgottenTo) this.forgottenTo = position;
  }

  positionOf(approvalId: string): bigint {
    return this.positions.get(approvalId) ?? 0n;
  }

  /** Those that changed after a position, the earliest change first. */
  since(position: bigint): readonly Change[] {
    const found: Change[] = [];
    for (const [approvalId, at] of this.positions)
      if (at > position) found.push({ approvalId, position: at });
    return found.sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  /** Answers what ends it. */
  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
