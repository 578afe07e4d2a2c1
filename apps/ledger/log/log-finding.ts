import type { AlarmKind } from '#core/alarm/alarm.events.js';

export type FindingKind = Extract<AlarmKind, `log_${string}`>;

/** Store and log do not say the same. `index`: the first bad entry, or where the range begins in which it must be. */
export class LogFinding extends Error {
  override readonly name = 'LogFinding';
  constructor(
    readonly kind: FindingKind,
    readonly index: number,
    detail: string,
  ) {
    super(detail);
  }
}
