import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { clearIdentifiersIn } from '../support/personal-data.js';
import { approver, type Examiner, examiner } from '../support/rest.js';
import { openStage, type Stage } from '../support/stage.js';
import { outputOf } from '../support/system.js';
import { waitUntil } from '../support/wait-until.js';
import {
  ANALYST_SEES,
  CLOSED_CUSTOMER,
  type GovernedBank,
  OPEN_CUSTOMER,
  startGovernedBank,
} from './governed-bank.js';
import { ANSWER, type ConnectedClient, type Feature, type RealClient } from './real-client.js';

const READ = 'core-banking__get_customer';
const WRITE = 'core-banking__update_customer';

const feature = <Does extends keyof ConnectedClient>(
  client: ConnectedClient,
  does: Does,
): NonNullable<ConnectedClient[Does]> => {
  const found = client[does];
  if (found === undefined || found === null) throw new Error(`the client has no ${does}`);
  return found;
};

/** What every client of others gets from the gateway, unmodified and with its own defaults. */
export const describeClients = (clients: readonly RealClient[]): void => {
  let stage: Stage;
  let system: GovernedBank;
  let ledger: Examiner;

  beforeAll(async () => {
    stage = await openStage();
    system = await startGovernedBank(stage);
    ledger = await examiner(system);
    // The issuer lives in this process, which loading a client may keep busy: its keys are fetched before that.
    await ledger.calls();
  }, 180_000);
  afterAll(() => stage.close(), 30_000);

  /** Calls at the bank's own server that hold this text in their arguments. */
  const reachedBank = (text: string) =>
    system.bank.stats().log.filter((call) => JSON.stringify(call.arguments).includes(text));

  describe.each(clients.map((client) => [client.name, client] as const))('%s', (_name, client) => {
    const open = async (user: string): Promise<ConnectedClient> => {
      const connection = { url: `${system.urls.ingress}/mcp`, token: await system.issuer.token(user) };
      return client.connect(connection, join(stage.folder, 'homes'));
    };
    let analyst: ConnectedClient;
    beforeAll(async () => {
      analyst = await open('risk-analyst');
    }, 180_000);
    afterAll(() => analyst.close(), 30_000);

    const itWith = (wanted: Feature, rule: string, test: () => Promise<void>): void => {
      if (client.features.includes(wanted)) it(rule, test);
    };

    it('lists the tools that the role may use, and no others', async () => {
      expect([...(await analyst.tools())].sort()).toEqual([...ANALYST_SEES.tools].sort());
    });

    it('gets a result with every identifier masked', async () => {
      const result = await analyst.call(READ, { customer_id: OPEN_CUSTOMER.id });
      expect(result.isError).toBe(false);
      expect(result.text).toContain('[US_SSN]');
      expect(clearIdentifiersIn(result.text)).toEqual([]);
    });

    it('shows why a call is denied, and that it is an error', async () => {
      const result = await analyst.call(READ, { customer_id: CLOSED_CUSTOMER.id });
      expect(result.isError).toBe(true);
      expect(result.text).toContain('RC-2');
      expect(result.text).toContain('call_denied');
      expect(reachedBank(CLOSED_CUSTOMER.id)).toHaveLength(0);
    });

    it('waits for an approval and gets the result of the one call', async () => {
      const engineer = await open('data-engineer');
      onTestFinished(() => engineer.close());
      const fields = { notes: `seen by ${client.name}` };
      const waiting = engineer.call(WRITE, { customer_id: OPEN_CUSTOMER.id, fields });
      const manager = await approver(system, 'manager-1');
      const held = await waitUntil(
        'the approval',
        async () =>
          (await manager.list('pending')).find((one) => JSON.stringify(one.arguments).includes(fields.notes)),
        120_000,
      );
      expect(reachedBank(fields.notes)).toHaveLength(0);
      expect(await manager.approve(held.id, { digest: held.digest })).toMatchObject({ status: 200 });
      const result = await waiting;
      expect(result.isError).toBe(false);
      expect(result.text).toContain(fields.notes);
      expect(clearIdentifiersIn(result.text)).toEqual([]);
      expect(reachedBank(fields.notes)).toHaveLength(1);
      const requested = (await ledger.events()).find(
        ({ type, stream }) => type === 'CallRequested' && stream === `call-${held.callId}`,
      );
      expect(requested?.data).toMatchObject({
        protocol: client.revision,
        agent: { name: expect.any(String) },
      });
    }, 180_000);

    itWith('progress', 'hears of the progress of a call', async () => {
      const input = { duration: 0.3, steps: 3 };
      const seen = await feature(analyst, 'callWithProgress')(
        'training__trigger-long-running-operation',
        input,
      );
      expect(seen).toContain('1/3');
    });

    itWith('prompts', 'lists the prompts of its role and gets one', async () => {
      const [listed, text] = await Promise.all([
        feature(analyst, 'prompts')(),
        feature(analyst, 'prompt')('training__args-prompt', { city: 'Oslo' }),
      ]);
      expect(listed).toEqual(ANALYST_SEES.prompts);
      expect(text).toContain('Oslo');
    });

    itWith('resources', 'lists the resources of its role and reads one', async () => {
      const [listed, text] = await Promise.all([
        feature(analyst, 'resources')(),
        feature(analyst, 'resource')(ANALYST_SEES.resources[0]),
      ]);
      expect(listed).toEqual(ANALYST_SEES.resources);
      expect(text).toContain('Everything Server');
    });

    itWith('questions', 'answers what a server asks its user', async () => {
      const answered = await analyst.call('training__trigger-elicitation-request', {});
      expect(answered).toMatchObject({
        isError: false,
        text: expect.stringContaining(ANSWER.content.titledSingleSelectEnum),
      });
    });

    itWith('completion', 'completes what is typed into a prompt', async () => {
      const values = await feature(analyst, 'completions')('training__completable-prompt', 'department', 'E');
      expect(values).toEqual(['Engineering']);
    });
  });

  it('the examiner replays every call of every client without a difference', async () => {
    const { checked, identical, different } = await ledger.replay();
    expect(checked).toBeGreaterThanOrEqual(clients.length * 3);
    expect({ identical, different }).toEqual({ identical: checked, different: [] });
    expect(clearIdentifiersIn(outputOf(system))).toEqual([]);
  });
};
