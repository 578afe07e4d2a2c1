import { ledgerAppend } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import type { EventToRecord } from '#core/evidence/build-append.js';
import type { Gateway } from '../gateway.js';
import type { Call } from './call.js';
import type { IntentReceipt } from './receipt.js';
import { callAppend, ignoreConflict, lastRevision } from './record.js';

/**
 * The record of a call behind its intent: what happens while it is with the upstream, and its outcome. Appends go one
 * after the other, each behind the revision of the one before.
 */
export class ForwardedCall {
  private revision: number;
  private last: Promise<unknown> = Promise.resolve();
  /** An append was not acknowledged: the stream may be longer than we know. */
  private doubtful = false;

  constructor(
    private readonly gateway: Gateway,
    private readonly call: Call,
    readonly receipt: IntentReceipt,
  ) {
    this.revision = receipt.revision;
  }

  /** Durable once fulfilled. @throws CountersignError ledger_*, revision_conflict when the ledger has closed the call */
  record(events: readonly EventToRecord[]): Promise<void> {
    const appended = this.last.then(() => this.append(events));
    this.last = appended.catch(() => undefined);
    return appended;
  }

  /** The outcome. When the ledger does not take it now it is tried again later, with the same event ids. */
  async recordOutcome(events: readonly EventToRecord[]): Promise<void> {
    await this.last;
    if (this.doubtful) await this.readRevision();
    const { gateway, call, receipt } = this;
    const command = callAppend(gateway, call, receipt.callId, this.revision, events);
    try {
      await gateway.bus.request(ledgerAppend, command);
    } catch (error) {
      // A conflict means that the ledger has closed the call: nothing of the result may be released, and nothing is left to record.
      if (error instanceof CountersignError && error.code === 'revision_conflict')
        throw new CountersignError('outcome_unknown');
      gateway.lateOutcomes.add(receipt.callId, () =>
        gateway.bus.request(ledgerAppend, command).then(() => undefined, ignoreConflict),
      );
      throw error;
    }
  }

  private async append(events: readonly EventToRecord[]): Promise<void> {
    const { gateway, call, receipt } = this;
    if (this.doubtful) await this.readRevision();
    const command = callAppend(gateway, call, receipt.callId, this.revision, events);
    try {
      this.revision = (await gateway.bus.request(ledgerAppend, command)).revision;
    } catch (error) {
      this.doubtful = true;
      throw error;
    }
  }

  private async readRevision(): Promise<void> {
    this.revision = await lastRevision(this.gateway, this.receipt.callId);
    this.doubtful = false;
  }
}
