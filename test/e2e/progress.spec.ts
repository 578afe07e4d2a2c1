import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SDKS } from './support/agents.js';
import { bankUpstream, startBank } from './support/bank.js';
import { DIRECT_WRITES } from './support/policies.js';
import { examiner } from './support/rest.js';
import { openStage, type Stage } from './support/stage.js';
import { type PrivateSystem, startPrivate } from './support/standalone.js';
import { connect } from './support/system.js';
import { waitUntil } from './support/wait-until.js';

const SLOW_MS = 20_000;

describe('a call under way', () => {
  let stage: Stage;
  let system: PrivateSystem;

  beforeAll(async () => {
    stage = await openStage();
    const bank = await startBank(stage, {
      faults: [{ tool: 'update_customer', when: { customer_id: 'C-1009' }, delay_ms: SLOW_MS }],
    });
    system = await startPrivate(stage, { policy: DIRECT_WRITES, upstreams: [bankUpstream(bank)] });
  }, 60_000);
  afterAll(() => stage.close(), 30_000);

  it.each(SDKS)('tells %s the progress of the upstream, its text masked and on record', async (sdk) => {
    const agent = await connect(system, sdk, 'data-engineer', 'core-banking');
    const seen: { progress: number; message?: string }[] = [];
    const result = await agent.call(
      'query_customers',
      { limit: 5 },
      { onProgress: (progress) => seen.push(progress) },
    );
    expect(result.isError ?? false).toBe(false);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every(({ message }) => /^part \d of \d$/.test(message ?? ''))).toBe(true);
    const reader = await examiner(system);
    const [latest] = await reader.calls();
    const { events } = await reader.transcript(latest?.id ?? '');
    const messages = events.filter(({ type }) => type === 'MessageReleased');
    expect(messages).toHaveLength(seen.length);
    await agent.close();
  });

  it('that the caller cancels while the upstream has it ends with an unknown outcome, on record', async () => {
    const agent = await connect(system, 'SDK v1', 'data-engineer', 'core-banking');
    const reader = await examiner(system);
    const cancelling = new AbortController();
    const call = agent.call(
      'update_customer',
      { customer_id: 'C-1009', fields: { notes: 'x' } },
      { signal: cancelling.signal },
    );
    const open = await waitUntil('the forward', async () =>
      (await reader.calls()).find(
        ({ tool, outcome }) => tool === 'update_customer' && outcome === 'forwarding',
      ),
    );
    cancelling.abort();
    await expect(call).rejects.toThrow();
    const transcript = await waitUntil('its end', async () => {
      const now = await reader.transcript(open.id);
      return now.outcome.type === 'CallOutcomeUnknown' ? now : undefined;
    });
    expect(transcript.outcome.reason).toBe('cancelled');
    await agent.close();
  });
});
