import { randomUUID } from 'node:crypto';
import type { Digest } from '#core/hash.js';
import type { ModernExchange } from './modern-exchange.js';

interface Parked {
  readonly owner: Digest;
  readonly askedFor: string;
  exchange: ModernExchange | undefined;
}

/** A place for one call, which can wait in it for its client. */
export interface ParkingPlace {
  readonly id: string;
  park(exchange: ModernExchange): void;
  done(): void;
}

/**
 * Calls of modern clients that wait for answers to questions of a legacy upstream, which holds its request meanwhile. In
 * memory of this replica, as that request is.
 */
export class ParkedCalls {
  private readonly calls = new Map<string, Parked>();

  reserve(owner: Digest, askedFor: string): ParkingPlace {
    const id = randomUUID();
    return {
      id,
      park: (exchange) => this.calls.set(id, { owner, askedFor, exchange }),
      done: () => this.calls.delete(id),
    };
  }

  /** Takes a waiting call up, once in each round. */
  take(id: string, owner: Digest, askedFor: string, round: number): ModernExchange | undefined {
    const parked = this.calls.get(id);
    if (parked?.owner !== owner || parked.askedFor !== askedFor) return undefined;
    const { exchange } = parked;
    if (exchange?.openRound !== round || exchange.current !== undefined) return undefined;
    parked.exchange = undefined;
    return exchange;
  }
}
