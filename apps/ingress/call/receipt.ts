declare const durable: unique symbol;

/**
 * Proof that a call's ForwardIntended is on disk. Only `record.ts` makes one, from the ledger's answer; `forward()`
 * takes it as an argument, so that forwarding without a durable intent does not compile (promise G1).
 */
export interface IntentReceipt {
  readonly [durable]: true;
  readonly callId: string;
  /** The approval it runs under. */
  readonly approvalId: string | null;
  /** Revision of ForwardIntended; the outcome is appended behind it. */
  readonly revision: number;
}
