import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseCheckpoint } from '../../libs/tlog/checkpoint.js';
import { parseNote } from '../../libs/tlog/note.js';
import { demoPolicy } from './support/policies.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';

let stage: Stage;
let system: PrivateSystem;
const get = async (path: string, user?: string) => {
  const authorization =
    user === undefined ? {} : { authorization: `Bearer ${await system.issuer.token(user)}` };
  return fetch(`${system.urls.ledger}/ledger/${path}`, { headers: { ...authorization } });
};

beforeAll(async () => {
  stage = await openStage();
  const settings = { log: { tiles: 'public' } };
  system = await startPrivate(stage, { policy: demoPolicy(), upstreams: [], settings });
  // Its record is the first entry.
  await get('proofs/consistency?first=0&second=0', 'auditor');
  await vi.waitFor(async () => expect((await get('checkpoint')).status).toBe(200), 30_000);
}, 90_000);
afterAll(() => stage.close(), 30_000);

describe('with log.tiles: public', () => {
  it('anybody may have the checkpoint and the tiles of hashes, and caches may keep them', async () => {
    const { size } = parseCheckpoint(parseNote(await (await get('checkpoint')).text()).text);
    const tile = await get(`tile/0/000.p/${size}`);
    expect([tile.status, tile.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    expect((await tile.arrayBuffer()).byteLength).toBe(size * 32);
  });

  it.each(['tile/entries/000.p/1', 'proofs/inclusion?event=x', 'proofs/consistency?first=0&second=1'])(
    '%s is for examiners and auditors all the same',
    async (path) => {
      expect((await get(path)).status).toBe(401);
      expect((await get(path, 'risk-analyst')).status).toBe(403);
      expect([200, 404]).toContain((await get(path, 'auditor')).status);
    },
  );
});
