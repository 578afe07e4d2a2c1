import { afterEach, describe, expect, it, vi } from 'vitest';
import { configSchema } from '#config/config.schema.js';
import { changeOf, fingerprintOf, settingsForRestart, upstreamsDigest } from './server-settings.js';

const config = (upstreams: readonly object[], more: object = {}) =>
  configSchema.parse({ policy_file: 'p', upstreams, ...more });
const http = (name: string, more: object = {}) => ({
  name,
  transport: 'http',
  url: 'http://localhost',
  ...more,
});
const known = (upstreams: readonly object[]) =>
  new Map(config(upstreams).upstreams.map((upstream) => [upstream.name, fingerprintOf(upstream)]));

afterEach(() => vi.unstubAllEnvs());

describe('a new list of servers', () => {
  it('names what is added, changed, removed and kept', () => {
    const before = known([http('kept'), http('changed'), http('removed')]);
    const after = config([http('kept'), http('changed', { timeout_ms: 500 }), http('added')]).upstreams;
    expect(changeOf(before, after)).toEqual({
      added: ['added'],
      changed: ['changed'],
      removed: ['removed'],
      kept: ['kept'],
    });
  });
  it('changes a server when the value of its secret has changed, which its digest does not tell', () => {
    const server = http('a', { headers: { authorization: { env: 'TOKEN_OF_A' } } });
    vi.stubEnv('TOKEN_OF_A', 'one');
    const before = known([server]);
    const digest = upstreamsDigest(config([server]).upstreams);
    vi.stubEnv('TOKEN_OF_A', 'two');
    expect(changeOf(before, config([server]).upstreams).changed).toEqual(['a']);
    expect(upstreamsDigest(config([server]).upstreams)).toBe(digest);
  });
  it('cannot be taken over when a secret is not there', () => {
    const server = http('a', { headers: { authorization: { env: 'TOKEN_OF_NOBODY' } } });
    expect(() => changeOf(new Map(), config([server]).upstreams)).toThrow('TOKEN_OF_NOBODY');
  });
});

it('settings outside the servers are named when they need a restart', () => {
  const before = config([http('a')]);
  expect(settingsForRestart(before, config([http('b')]))).toEqual([]);
  expect(
    settingsForRestart(before, config([http('a')], { log_level: 'warn', catalog: { pin: [] } })),
  ).toEqual(['catalog', 'log_level']);
});
