import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { approvalAwait } from '#contracts/approval.js';
import { CountersignError, type ErrorCode } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Gateway } from '../../../gateway.js';
import { readHeldTask } from './held-task.js';

const HELD = {
  callId: 'c',
  approvalId: 'a',
  digest: `sha256:${'0'.repeat(64)}`,
  expiresAt: '2026-11-23T01:00:00.000Z',
} as const;

const [stored] = buildAppend(
  {
    stream: 'call-c',
    expected: -1,
    time: '2026-11-23T00:00:00.000Z',
    actor: { kind: 'service', service: 'test', instance: 't' },
    correlation: 'c',
    causation: 'c',
    newId: randomUUID,
  },
  [{ event: { type: 'CallHeld', v: 1, data: {} } }],
).events;

/** The call is held, and the approval service answers with this error. */
const gatewayWith = (code: ErrorCode): Gateway => {
  const bus: Bus = {
    request: async (contract) => {
      if (contract.subject === approvalAwait.subject) throw new CountersignError(code);
      return contract.reply.parse({ events: [{ ...stored, stream: 'call-c', revision: 0, position: '1' }] });
    },
    close: async () => undefined,
  };
  return { bus, now: () => new Date() } as unknown as Gateway;
};

describe('the task of a held call', () => {
  it('waits also where a replica of the approval service has not seen its approval yet', async () => {
    const state = await readHeldTask(gatewayWith('approval_unknown'), HELD, 0);
    expect(state).toMatchObject({ status: 'waiting', isGranted: false });
  });

  it('cannot be looked at while the approval service is away', async () => {
    await expect(readHeldTask(gatewayWith('approval_unavailable'), HELD, 0)).rejects.toThrow(
      expect.objectContaining({ code: 'approval_unavailable' }),
    );
  });
});
