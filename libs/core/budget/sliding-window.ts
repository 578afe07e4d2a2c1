const SLOTS = 60;

/**
 * A sum over the last `span_ms` milliseconds, forgotten in sixty steps: an amount counts for at least the span and at
 * most a sixtieth longer. The caller brings the clock; it must not go back.
 */
export class SlidingWindow {
  private readonly slots: { readonly at: number; amount: number }[] = [];
  private sum = 0;
  private readonly slot_ms: number;

  constructor(private readonly span_ms: number) {
    this.slot_ms = span_ms / SLOTS;
  }

  add(now_ms: number, amount: number): void {
    this.forget(now_ms);
    const at = Math.floor(now_ms / this.slot_ms);
    const last = this.slots.at(-1);
    if (last?.at === at) last.amount += amount;
    else this.slots.push({ at, amount });
    this.sum += amount;
  }

  total(now_ms: number): number {
    this.forget(now_ms);
    return this.sum;
  }

  /** Milliseconds until the total is below `max`, if nothing is added. */
  belowIn(now_ms: number, max: number): number {
    let left = this.total(now_ms);
    for (const { at, amount } of this.slots) {
      if (left < max) break;
      left -= amount;
      if (left < max) return Math.ceil((at + 1) * this.slot_ms + this.span_ms - now_ms);
    }
    return 0;
  }

  private forget(now_ms: number): void {
    for (let first = this.slots[0]; first !== undefined; first = this.slots[0]) {
      if ((first.at + 1) * this.slot_ms + this.span_ms > now_ms) return;
      this.sum -= first.amount;
      this.slots.shift();
    }
  }
}
