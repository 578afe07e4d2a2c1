import { randomUUID } from 'node:crypto';
import type { Digest } from '#core/hash.js';
import type { ModernExchange } from './modern-exchange.js';

interface Parked {
  readonly owner: Digest;
  readonly askedFor: string;
  exchange: ModernExchange | undefined;
}

/** Of one person at one client; each holds a request at an upstream open. */
const PARKED_MAX = 32;

/** A place for one call, which can wait in it for its client. */
export interface ParkingPlace {
  readonly id: string;
  /** @returns false when this caller has too many calls waiting already */
  park(exchange: ModernExchange): boolean;
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
      park: (exchange) => {
        const own = [...this.calls].filter(([other, call]) => other !== id && call.owner === owner);
        if (own.length >= PARKED_MAX) return false;
        this.calls.set(id, { owner, askedFor, exchange });
        return true;
      },
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
