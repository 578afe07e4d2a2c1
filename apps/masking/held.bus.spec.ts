import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import type { CallEvent } from '#core/call/call.events.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { DomainEvent } from '#core/evidence/entry.js';
import type { Digest } from '#core/hash.js';
import { HeldBus } from './held.bus.js';
import type { SealingKeys } from './masking.bus.js';

const COMMIT: Digest = `sha256:${'0'.repeat(64)}`;
const MASKED = Buffer.from('{"masked":{}}');

/** A call up to its result, and then what is given. */
const busWith = (last: { readonly type: CallEvent['type']; readonly data: object }): Bus => {
  const payload = { commit: COMMIT, bytes: MASKED.length, kid: 'k' };
  const events = [
    { type: 'CallRequested', data: {} },
    { type: 'CallDecided', data: { decision: { effect: 'allow' } } },
    { type: 'ForwardIntended', data: { approvalId: null, instance: 'i' } },
    { type: 'CallReturned', data: { kind: 'result' } },
    { type: 'ResultMasked', data: {}, payload },
    last,
  ].map((event) => ({
    event: { v: 1, ...event } as DomainEvent,
    attachment: MASKED,
  }));
  const context = {
    stream: 'call-c',
    expected: -1,
    time: '2026-11-23T00:00:00.000Z',
    actor: { kind: 'service', service: 'test', instance: 't' } as const,
    correlation: 'c',
    causation: 'c',
    newId: randomUUID,
  };
  const stored = buildAppend(context, events).events.map((event, revision) => ({
    ...event,
    stream: 'call-c',
    revision,
    position: String(revision + 1),
  }));
  return {
    // As the ledger answers: what is not asked for does not come.
    request: async (contract, request) => {
      const { attachmentsOf = [] } = request as { readonly attachmentsOf?: readonly string[] };
      const events = stored.map(({ attachment, ...event }) =>
        attachmentsOf.includes(event.type) ? { ...event, attachment } : event,
      );
      return contract.reply.parse({ events });
    },
    close: async () => undefined,
  };
};
const keys = {
  opener: { openSalted: async (bytes: Uint8Array) => ({ bytes }) },
} as unknown as SealingKeys;

describe('what was released of a call', () => {
  it('is opened for its requester once the call is completed', async () => {
    const bus = new HeldBus(keys, busWith({ type: 'CallCompleted', data: { outcome: 'result' } }));
    const { kind, payload } = await bus.released({ callId: 'c' });
    expect([kind, Buffer.from(payload).toString()]).toEqual(['result', MASKED.toString()]);
  });

  it('stays sealed where the call failed behind its result', async () => {
    const bus = new HeldBus(keys, busWith({ type: 'CallFailed', data: { code: 'internal', detail: '' } }));
    await expect(bus.released({ callId: 'c' })).rejects.toThrow(
      expect.objectContaining({ code: 'approval_closed' }),
    );
  });
});
