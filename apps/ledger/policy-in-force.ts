import type { CallDecided } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { Entry } from '#core/evidence/entry.js';
import { asEvent, knownEvent, readEntry } from '#core/evidence/read-entry.js';
import type { Digest } from '#core/hash.js';
import type { PolicyActivated } from '#core/policy/policy.events.js';
import type { EventStore } from '#event-store/event-store.js';

const PAGE = 500;
/** What another ledger has activated is read behind the calls of this one, so often while there are any. */
const LOOK_MS = 250;
/** Never is anything let through on what is older than this. */
const AGE_MS_MAX = 2_000;
/** What lets something happen, where a refusal does not. */
const LETS: ReadonlySet<string> = new Set(['ForwardIntended', 'CallHeld']);

/** The active policy, as the log says. In memory: every call asks for it. */
export class PolicyInForce {
  /** Null: there is none, or none that this release can read. */
  private digest: Digest | null = null;
  private after: bigint | undefined;
  private asOf = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly store: EventStore) {}

  /** Another one may be active from now on. */
  forget(): void {
    this.asOf = Number.NEGATIVE_INFINITY;
  }

  /**
   * Nothing is forwarded or held by the word of a policy that is not the active one, whoever decided by it. Only what
   * differs from what is known here costs a read.
   * @throws CountersignError policy_stale, ledger_unavailable
   */
  async requireDecided(entries: readonly Entry[]): Promise<void> {
    if (!entries.some(({ type }) => LETS.has(type))) return;
    const decided = entries.findLast(({ type }) => type === 'CallDecided');
    const by = decided && asEvent<CallDecided>(decided).data.policyDigest;
    if (this.age_ms > AGE_MS_MAX) await this.look(AGE_MS_MAX);
    // A store that cannot be read is found out by whoever has to wait for it.
    else if (this.age_ms > LOOK_MS) void this.look(LOOK_MS).catch(() => undefined);
    if (this.digest !== by) await this.look(0);
    if (by === undefined || this.digest !== by) throw new CountersignError('policy_stale');
  }

  private get age_ms(): number {
    return performance.now() - this.asOf;
  }

  /** One after the other; a look that another one has made meanwhile is not made again, unless nothing may be older. */
  private look(age_ms: number): Promise<void> {
    const next = this.reading.then(() =>
      age_ms === 0 || this.age_ms > age_ms ? this.readToEnd() : undefined,
    );
    this.reading = next.catch(() => undefined);
    return next;
  }

  private async readToEnd(): Promise<void> {
    for (;;) {
      const asOf = performance.now();
      const { after } = this;
      const page = await this.store
        .readAll({
          limit: PAGE,
          types: ['PolicyActivated'],
          attachments: false,
          ...(after === undefined ? {} : { after }),
        })
        .catch((error: Error) => {
          throw new CountersignError('ledger_unavailable', error.name);
        });
      const last = page.events.at(-1);
      if (last !== undefined) this.digest = digestOf(readEntry(last.entry));
      this.after = page.scannedTo ?? after;
      if (page.events.length > 0) continue;
      this.asOf = asOf;
      return;
    }
  }
}

/** What this release cannot read may be any policy. */
const digestOf = (entry: Entry): Digest | null => knownEvent<PolicyActivated>(entry)?.data.digest ?? null;
