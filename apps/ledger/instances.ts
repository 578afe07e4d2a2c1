/** An ingress that has not been heard of for this long is taken for dead: its forwarded calls have no one to finish them. */
export const SILENT_AFTER_MS = 10_000;

/** Ingress processes by their heartbeats. Silence is measured from the ledger's own start, so a restart of the ledger kills nobody. */
export class Instances {
  private readonly lastSeen = new Map<string, number>();
  private readonly startedAt = performance.now();

  seen(instance: string): void {
    this.lastSeen.set(instance, performance.now());
  }

  isAlive(instance: string): boolean {
    const last = this.lastSeen.get(instance) ?? this.startedAt;
    return performance.now() - last < SILENT_AFTER_MS;
  }
}
