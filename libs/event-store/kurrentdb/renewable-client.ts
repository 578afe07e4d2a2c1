import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { isAboutTheRead, readError } from './append-error.js';

const RENEWAL_PAUSE_MS = 1_000;

export interface RenewableClient {
  /** Runs a read; after a failure of the connection once more on a new client. @throws StoreUnavailable */
  read<Result>(work: (client: KurrentDBClient) => Promise<Result>): Promise<Result>;
  dispose(): Promise<void>;
}

/**
 * The native part of the client, which serves the reads, gives up for good once it could not connect a number
 * of times: every later read fails, also when the server is back. A client that fails is therefore replaced,
 * at most once a second, because making one keeps the event loop busy for some 20 ms.
 */
export const createRenewableClient = (create: () => KurrentDBClient): RenewableClient => {
  let client = create();
  let renewed_ms = Number.NEGATIVE_INFINITY;

  /** True when there is now a client other than the one that failed. */
  const renew = (failed: KurrentDBClient): boolean => {
    if (failed !== client) return true;
    if (performance.now() - renewed_ms < RENEWAL_PAUSE_MS) return false;
    renewed_ms = performance.now();
    client = create();
    return true;
  };

  return {
    read: async (work) => {
      const first = client;
      try {
        return await work(first);
      } catch (error) {
        if (isAboutTheRead(error) || !renew(first)) throw readError(error);
      }
      try {
        return await work(client);
      } catch (error) {
        throw readError(error);
      }
    },
    dispose: () => client.dispose(),
  };
};
