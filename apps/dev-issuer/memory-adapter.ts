import type { Adapter, AdapterPayload } from 'oidc-provider';

interface StoredRecord {
  readonly payload: AdapterPayload;
  readonly expires_ms: number;
}

/** Sessions, codes, grants and registered clients live as long as the process; the oldest go when there are too many. */
const RECORDS_MAX = 10_000;

/** Storage for oidc-provider: one map for all of its models, so that revoking a grant finds everything of it. */
export const createMemoryAdapter = (): ((model: string) => Adapter) => {
  const records = new Map<string, StoredRecord>();

  const find = (key: string): AdapterPayload | undefined => {
    const record = records.get(key);
    if (record === undefined || record.expires_ms > Date.now()) return record?.payload;
    records.delete(key);
    return undefined;
  };
  const findWhere = (
    model: string,
    fits: (payload: AdapterPayload) => boolean,
  ): AdapterPayload | undefined => {
    for (const key of records.keys()) {
      const payload = key.startsWith(`${model}:`) ? find(key) : undefined;
      if (payload !== undefined && fits(payload)) return payload;
    }
    return undefined;
  };

  return (model) => ({
    upsert: async (id, payload, expiresIn) => {
      const key = `${model}:${id}`;
      records.delete(key);
      records.set(key, {
        payload,
        expires_ms: expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000,
      });
      const [oldest] = records.keys();
      if (records.size > RECORDS_MAX && oldest !== undefined) records.delete(oldest);
    },
    find: async (id) => find(`${model}:${id}`),
    findByUid: async (uid) => findWhere(model, (payload) => payload.uid === uid),
    findByUserCode: async (userCode) => findWhere(model, (payload) => payload.userCode === userCode),
    consume: async (id) => {
      const payload = find(`${model}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => {
      records.delete(`${model}:${id}`);
    },
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of records) if (payload.grantId === grantId) records.delete(key);
    },
  });
};
