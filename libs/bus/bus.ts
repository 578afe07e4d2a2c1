import type { Contract } from '#contracts/contract.js';
import { CountersignError } from '#core/errors.js';

/** Asks the service that answers a contract. Every request has a deadline; there is no fire-and-forget. */
export interface Bus {
  /**
   * @throws CountersignError with the answerer's code, or the contract's `unavailable` code when nobody answered within
   *   `deadline_ms` or the answer does not fit the contract. After a deadline the request may still be carried out.
   * @throws NobodyAnswers with the same code when nobody was there to take it, if the transport can tell.
   */
  request<Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply>;
  close(): Promise<void>;
}

/** The request reached nobody: it is certain that it is not carried out, now or later. */
export class NobodyAnswers extends CountersignError {}

/** Injection token of the Bus in Nest modules. */
export const BUS = Symbol('BUS');

/** The wire form of a reply, the same on every transport. */
export type ReplyEnvelope =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly detail?: string };
