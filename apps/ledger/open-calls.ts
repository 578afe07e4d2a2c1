import type { CallState } from '#core/call/evolve-call.js';

export interface OpenCall {
  readonly state: CallState;
  readonly revision: number;
  readonly instance: string;
  /** How long the upstream may take, questions not counted. */
  readonly deadline_ms: number;
  /** Monotonic milliseconds after which nobody can still be waiting for the upstream. */
  readonly overdue_at: number;
}

/** Calls without an end, by stream. Filled from the log at start; kept by each append afterwards. */
export class OpenCalls {
  private readonly calls = new Map<string, OpenCall>();

  get(stream: string): OpenCall | undefined {
    return this.calls.get(stream);
  }

  set(stream: string, call: OpenCall): void {
    if (call.state.kind === 'ended') this.calls.delete(stream);
    else this.calls.set(stream, call);
  }

  forget(stream: string): void {
    this.calls.delete(stream);
  }

  /** Forwarded calls whose ingress is gone or whose deadline has long passed. */
  orphans(isAlive: (instance: string) => boolean, now: number): readonly (readonly [string, OpenCall])[] {
    return [...this.calls].filter(
      ([, call]) => call.state.kind === 'forwarding' && (!isAlive(call.instance) || now > call.overdue_at),
    );
  }
}
