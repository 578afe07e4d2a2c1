import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, connectAgent, refusalOf, SDKS, textOf } from './support/agents.js';
import { openPolicy } from './support/changing-server.js';
import { freePort } from './support/free-port.js';
import { type Service, service } from './support/service.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { pause, waitUntil } from './support/wait-until.js';

const EVERYTHING = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist',
  'index.js',
);
/** What a call may end with while its server is away: not carried out, or perhaps. */
const AWAY = ['upstream_unavailable', 'outcome_unknown'];

let stage: Stage;
let system: PrivateSystem;
let port: number;
let everything: Service;

const startEverything = async (): Promise<void> => {
  everything = service({
    name: 'server-everything',
    command: process.execPath,
    args: [EVERYTHING, 'streamableHttp'],
    env: { PATH: dirname(process.execPath), PORT: String(port) },
    ready: /listening on port/,
  });
  await everything.start();
};

beforeAll(async () => {
  stage = await openStage();
  port = await freePort();
  await startEverything();
  stage.defer(() => everything.stop());
  system = await startPrivate(stage, {
    policy: openPolicy(['everything/echo']),
    upstreams: [{ name: 'everything', transport: 'http', url: `http://127.0.0.1:${port}/mcp` }],
  });
}, 60_000);
afterAll(() => stage.close(), 30_000);

/** One call after the other until told to stop. */
const traffic = (agent: Agent, who: string) => {
  const answers: string[] = [];
  const refusals: (string | undefined)[] = [];
  let running = true;
  const done = (async () => {
    for (let round = 0; running; round++) {
      const message = `${who}-${round}`;
      const result = await agent.call('echo', { message });
      const refusal = refusalOf(result);
      if (refusal !== undefined) refusals.push(refusal);
      else {
        expect(textOf(result)).toBe(`Echo: ${message}`);
        answers.push(message);
      }
      await pause(100);
    }
  })();
  const stop = (): Promise<void> => {
    running = false;
    return done;
  };
  return { answers, refusals, stop };
};

describe('a server with sessions that is restarted under traffic', () => {
  it('is away for some calls, which say so, and back for all agents without their doing', async () => {
    const agents: Agent[] = [];
    for (const sdk of [...SDKS, ...SDKS]) {
      const token = await system.issuer.token('data-engineer');
      const agent = await connectAgent(sdk, { url: `${system.urls.ingress}/mcp/everything`, token });
      stage.defer(agent.close);
      agents.push(agent);
    }
    const names = async () => (await agents[0]?.tools().catch((): readonly string[] => [])) ?? [];
    await waitUntil('the tools', async () => (await names()).includes('echo'));
    const flows = agents.map((agent, index) => traffic(agent, `agent-${index}`));
    const count = () => Math.min(...flows.map(({ answers }) => answers.length));
    await waitUntil('calls of all agents', () => count() > 2);
    await everything.kill();
    await waitUntil('a refused call', () => flows.some(({ refusals }) => refusals.length > 0));
    await startEverything();
    const before = flows.map(({ answers }) => answers.length);
    await waitUntil('calls of all agents again', () =>
      flows.every(({ answers }, index) => answers.length > (before[index] ?? 0) + 2),
    );
    await Promise.all(flows.map(({ stop }) => stop()));
    for (const { refusals } of flows) for (const refusal of refusals) expect(AWAY).toContain(refusal);
  }, 90_000);
});
