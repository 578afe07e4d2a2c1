import type { Client, ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoCustomer } from '../support/personal-data.js';
import { examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { type PrivateSystem, startPrivate } from '../support/standalone.js';
import { everythingAsChild, startEverything } from './everything-servers.js';
import { call, openClient } from './upstream-client.js';

const QUESTIONS = ['elicitation/create', 'sampling/createMessage', 'roots/list'];
const ASKING = ['trigger-elicitation-request', 'trigger-sampling-request', 'get-roots-list'];
const [ELICITS = '', SAMPLES = '', LISTS_ROOTS = ''] = ASKING;

const of = (servers: readonly string[], names: readonly string[]): string =>
  JSON.stringify(servers.flatMap((server) => names.map((name) => `${server}/${name}`)));

const POLICY = `policy: 1
name: questions
default: deny
roles:
  data-engineer: { groups: [BANK-DATA-ENG] }
  risk-analyst: { groups: [BANK-RISK-ANALYST] }
  examiner: { groups: [BANK-EXAMINER] }
operations:
  tools.use: { kind: read, tools: ${of(['may-ask', 'may-not-ask', 'over-http'], ASKING)} }
  questions: { kind: read, methods: ${of(['may-ask', 'over-http'], QUESTIONS)} }
rules:
  - { id: Q-1, says: Engineers use the tools., roles: [data-engineer, risk-analyst], allow: [tools.use], mask: pii }
  - { id: Q-2, says: This server may ask engineers back., roles: [data-engineer, risk-analyst], allow: [questions], mask: pii }
masking:
  pii:
    - { kinds: [US_SSN, PAN, EMAIL, PHONE], do: redact }
    - { unscannable: [image, audio, binary, over-limit], do: block }
tests:
  - { as: data-engineer, method: may-ask/elicitation/create, expect: allow Q-2 masked }
`;

const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} };
const ERAS: readonly (readonly [string, ClientOptions])[] = [
  ['legacy', { versionNegotiation: { mode: 'legacy' } }],
  ['modern', { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
];

interface Person {
  readonly client: Client;
  /** Everything that the server has asked. */
  readonly asked: readonly string[];
}

describe('a server that asks back, before', () => {
  let stage: Stage;
  let system: PrivateSystem;
  beforeAll(async () => {
    stage = await openStage();
    const { settings } = await startEverything(stage, 'http');
    system = await startPrivate(stage, {
      policy: POLICY,
      upstreams: [
        everythingAsChild('may-ask', { server_requests: QUESTIONS }),
        everythingAsChild('may-not-ask', { server_requests: QUESTIONS }),
        { ...settings, name: 'over-http', server_requests: QUESTIONS },
      ],
    });
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  describe.each(ERAS)('a %s client', (_era, options) => {
    /** Answers whatever it is asked. */
    const openPerson = async (server: string): Promise<Person> => {
      const asked: string[] = [];
      const client = await openClient(system, server, 'data-engineer', {
        ...options,
        capabilities: CAPABILITIES,
      });
      client.setRequestHandler('elicitation/create', ({ params }) => {
        asked.push(params.message);
        return { action: 'accept', content: { name: 'Ada', check: true, integer: 7 } };
      });
      client.setRequestHandler('sampling/createMessage', ({ params }) => {
        asked.push(JSON.stringify(params.messages));
        return {
          model: 'a-model',
          role: 'assistant',
          content: { type: 'text', text: 'answer of the model' },
        };
      });
      return { client, asked };
    };

    it('is asked what policy allows, and its answer goes back', async () => {
      const { client, asked } = await openPerson('may-ask');
      const elicited = await call(client, ELICITS, {});
      expect(elicited).toMatchObject({ isError: false, text: expect.stringContaining('Ada') });
      expect(asked).toEqual([expect.stringContaining('Please provide inputs')]);
      await client.close();
    });

    it('lends its model, and sees the question masked', async () => {
      const { client, asked } = await openPerson('may-ask');
      const { ssn } = demoCustomer(0);
      const sampled = await call(client, SAMPLES, { prompt: `Who has SSN ${ssn}?`, maxTokens: 10 });
      expect(sampled).toMatchObject({ isError: false, text: expect.stringContaining('answer of the model') });
      expect(asked).toEqual([expect.stringContaining('[US_SSN]')]);
      await client.close();
    });

    it('is not asked what policy does not allow; the server hears a refusal and it is on record', async () => {
      const { client, asked } = await openPerson('may-not-ask');
      for (const tool of [ELICITS, SAMPLES]) {
        const result = await call(client, tool, { prompt: 'x' });
        expect(result).toMatchObject({
          isError: true,
          text: expect.stringMatching(/policy|refus|not allow/i),
        });
      }
      expect(asked).toEqual([]);
      const events = await (await examiner(system)).events();
      const refused = events.filter(
        ({ type, data }) => type === 'InputRequested' && data['because'] !== null,
      );
      expect(refused.map(({ data }) => data['method'])).toContain('elicitation/create');
      expect(refused.map(({ data }) => data['method'])).toContain('sampling/createMessage');
      await client.close();
    });

    it('that cannot be asked gets a clear error', async () => {
      const client = await openClient(system, 'may-ask', 'data-engineer', options);
      const result = await call(client, ELICITS, {});
      expect(result).toMatchObject({ isError: true, text: expect.stringContaining('does not declare') });
      await client.close();
    });
  });

  it.each([
    // A child has one connection, and callers share it: what it keeps there is not the gateway's to part.
    ['may-ask', 'for all callers of a child', 'first'],
    ['over-http', 'for each caller over HTTP, where sessions are not shared', 'second'],
  ])('%s remembers what it heard %s', async (server, _for, heard) => {
    const rootsOf = async (name: string, user: string): Promise<string> => {
      const client = await openClient(system, server, user, { capabilities: CAPABILITIES });
      client.setRequestHandler('roots/list', () => ({ roots: [{ uri: `file:///${name}`, name }] }));
      const { text } = await call(client, LISTS_ROOTS, {});
      await client.close();
      return text;
    };
    expect(await rootsOf('first', 'data-engineer')).toContain('file:///first');
    expect(await rootsOf('second', 'risk-analyst')).toContain(`file:///${heard}`);
  });
});
