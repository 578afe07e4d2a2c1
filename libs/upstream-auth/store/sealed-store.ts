/**
 * Where credentials of upstreams are kept, shared by all replicas. Keys name things and are no secrets; values are
 * JSON and are sealed at rest. An adapter answers for: a value is durable and whole once `write` returns, and of all
 * replicas exactly one `take` gets a value.
 */
export interface SealedStore {
  /** @returns undefined when there is none or it cannot be opened (another secret, damage) */
  read(key: string): Promise<unknown>;
  write(key: string, value: unknown): Promise<void>;
  /** Reads and removes in one step; single use. */
  take(key: string): Promise<unknown>;
  remove(key: string): Promise<void>;
}
