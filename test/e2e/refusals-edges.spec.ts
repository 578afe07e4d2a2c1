import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bankUpstream, startBank } from './support/bank.js';
import { expectRefused } from './support/expect-refused.js';
import { DIRECT_WRITES } from './support/policies.js';
import { type RawAnswer, rawPost, rpc } from './support/raw.js';
import { type Examiner, examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';

let stage: Stage;
let system: PrivateSystem;
let ledger: Examiner;
let engineer: string;

beforeAll(async () => {
  stage = await openStage();
  system = await startPrivate(stage, {
    policy: DIRECT_WRITES,
    upstreams: [bankUpstream(await startBank(stage))],
  });
  ledger = await examiner(system);
  engineer = await system.issuer.token('data-engineer');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const list = (token: string): Promise<RawAnswer> =>
  rawPost(`${system.urls.ingress}/mcp/core-banking`, rpc('tools/list'), { authorization: `Bearer ${token}` });

describe('the REST edges', () => {
  const get = async (path: string, token?: string) => {
    const response = await fetch(`${system.urls.ledger}/${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return {
      status: response.status,
      body: (await response.json()) as { code?: string },
      headers: response.headers,
    };
  };

  it.each(['approvals', 'ledger/calls', 'ledger/events'])(
    'GET /%s without a token is refused, recorded, and told where to get one',
    async (path) => {
      const before = (await ledger.events()).length;
      const { status, body, headers } = await get(path);
      expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_missing' });
      expect(headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource');
      expect((await ledger.events()).slice(before)).toContainEqual(
        expect.objectContaining({ type: 'RequestRefused', data: expect.objectContaining({ where: 'rest' }) }),
      );
    },
  );

  it.each<[string, string]>([
    ['with text that is not Unicode', '{"reason":"\\ud800"}'],
    ['that is deeper than any reader could go', `{"digest":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    [
      'with tens of thousands of members',
      JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`k${at}`, 1]))),
    ],
  ])('a body %s is refused before anything is asked of it', async (_, body) => {
    const response = await fetch(`${system.urls.approval}/approvals/none/deny`, {
      method: 'POST',
      headers: { authorization: `Bearer ${engineer}`, 'content-type': 'application/json' },
      body,
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'body_invalid' }]);
  });

  it('an agent is refused the ledger, and that is recorded', async () => {
    const before = (await ledger.events()).length;
    expect(await get('ledger/calls', engineer)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await ledger.events()).slice(before)).toContainEqual(
      expect.objectContaining({ type: 'LedgerReadRefused' }),
    );
  });
});

describe('when the authorization server', () => {
  it('rotates its key, tokens of the new key are accepted without a restart', async () => {
    await system.issuer.rotateKey();
    const token = await system.issuer.token('data-engineer');
    expect((await list(token)).status).toBe(200);
    ledger = await examiner(system);
    const old = await expectRefused(system, ledger, () => list(engineer), {
      status: 401,
      code: 'token_invalid',
    });
    expect(old.recorded).toMatchObject([{ type: 'RequestRefused', data: { code: 'token_invalid' } }]);
  });

  it('is away, known keys go on working and unknown ones are refused as "unavailable"', async () => {
    const known = await system.issuer.token('data-engineer');
    expect((await list(known)).status).toBe(200);
    await system.issuer.rotateKey();
    const unknown = await system.issuer.token('data-engineer');
    system.issuer.setAway(true);
    try {
      const { recorded } = await expectRefused(system, ledger, () => list(unknown), {
        status: 503,
        code: 'identity_unavailable',
      });
      expect(recorded).toMatchObject([{ type: 'RequestRefused', data: { code: 'identity_unavailable' } }]);
      expect((await list(known)).status).toBe(200);
    } finally {
      system.issuer.setAway(false);
    }
  });
});
