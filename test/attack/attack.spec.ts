import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../e2e/support/rest.js';
import { outputOf } from '../e2e/support/system.js';
import { pause, waitUntil } from '../e2e/support/wait-until.js';
import type { Attack, Trace } from './attack.js';
import { CLASSES, countOf } from './classes.js';
import { filesWith } from './files-with.js';
import { CANARY, openScene, type Scene } from './scene.js';
import { tracesOfTokens } from './traces-of-tokens.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await waitUntil('both upstreams', async () => {
    const lists = await Promise.all(['old', 'new', 'shifty'].map((name) => isListed(name)));
    return lists.every((is) => is);
  });
  await scene.record.news();
}, 60_000);
afterAll(() => scene?.stage.close(), 30_000);

const isListed = async (name: string): Promise<boolean> => {
  const response = await fetch(`${scene.base}/mcp/${name}`, {
    method: 'POST',
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    headers: {
      authorization: `Bearer ${await scene.token('engineer')}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
  });
  return (await response.text()).includes('"tools"');
};

const leaves = ({ type, says }: Trace, entry: LedgerEntry): boolean =>
  entry.type === type && (says === undefined || entry.data['code'] === says || entry.data['reason'] === says);

/** Every event since the last attack, once all that is expected are among them. */
const recordOf = async ({ trace, isWhole = () => true }: Attack): Promise<readonly LedgerEntry[]> => {
  const recorded: LedgerEntry[] = [];
  await waitUntil(`${trace.type} ${trace.says ?? ''} on record`, async () => {
    recorded.push(...(await scene.record.news()));
    return recorded.some((entry) => leaves(trace, entry)) && isWhole(recorded);
  }).catch((error: Error) => {
    throw new Error(
      `${error.message}; recorded: ${JSON.stringify(recorded.map(({ type, data }) => [type, data]))}`,
    );
  });
  return recorded;
};

const run = async (attack: Attack): Promise<void> => {
  await attack.before?.(scene);
  await scene.record.news();
  const before = scene.forwarded();
  const outcome = await attack.send(scene);
  const got = `${outcome.status} ${outcome.code ?? 'answered'}`;
  expect(got, outcome.text).toBe(`${attack.status} ${attack.code ?? 'answered'}`);
  const recorded = await recordOf(attack);
  expect(scene.forwarded() - before, 'requests at the upstreams').toBe(attack.forwards ?? 0);
  const events = JSON.stringify(recorded);
  for (const text of attack.hidden ?? []) {
    expect(outcome.text).not.toContain(text);
    expect(events).not.toContain(text);
  }
  for (const text of attack.shown ?? []) expect(outcome.text).toContain(text);
  await attack.also?.(scene, outcome, recorded);
};

describe.each(CLASSES.map((one) => [one.number, one.title, one.rule, one] as const))(
  'class %i, %s: %s',
  (_number, _title, _rule, { attacks }) => {
    it.each(attacks.map((attack) => [attack.title, attack] as const))('%s', (_what, attack) => run(attack));
  },
);

describe('the corpus', () => {
  it('has at least 300 attacks, in each of the 20 classes some, and no two with the same title', () => {
    const titles = CLASSES.flatMap(({ number, attacks }) => attacks.map(({ title }) => `${number} ${title}`));
    console.log(`${countOf(CLASSES)} attack cases`);
    expect(countOf(CLASSES)).toBeGreaterThanOrEqual(300);
    expect(CLASSES.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(CLASSES.filter(({ attacks }) => attacks.length === 0)).toEqual([]);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('leaves no canary at any upstream, in any log or event, or in any file of the gateway', async () => {
    // Counted refusals are recorded within a second or so.
    await pause(1_500);
    const events = JSON.stringify(await scene.ledger.events());
    const log = outputOf(scene.system);
    const upstreams = scene.old.text() + scene.new.text() + scene.inside.text();
    const secrets = [...Object.values(CANARY), ...tracesOfTokens(scene.tokens, CANARY.token)];
    const [token = ''] = scene.tokens;
    // Each kind of trace would find a token.
    expect(secrets.filter((secret) => token.includes(secret)).length).toBeGreaterThanOrEqual(3);
    expect(scene.tokens.size).toBeGreaterThan(100);
    const found = (text: string) => secrets.filter((secret) => text.includes(secret));
    expect({ events: found(events), log: found(log), upstreams: found(upstreams) }).toEqual({
      events: [],
      log: [],
      upstreams: [],
    });
    expect(await filesWith(scene.system.data, secrets)).toEqual([]);
  });

  it('leaves the gateway well, and its history replays without a difference', async () => {
    expect(await isListed('old')).toBe(true);
    const { checked, identical } = await scene.ledger.replay();
    expect(checked).toBeGreaterThan(50);
    expect(identical).toBe(checked);
  });
});
