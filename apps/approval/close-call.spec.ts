import { describe, expect, it } from 'vitest';
import type { Bus } from '#bus/bus.js';
import { ledgerReadStream } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import { CloseCall } from './close-call.js';

/** A ledger whose stream is too long for one message with all that travels beside its entries. */
const long: Bus = {
  request: async (contract, request) => {
    if (contract.subject !== ledgerReadStream.subject) return contract.reply.parse(APPENDED);
    const { attachments } = request as unknown as { attachments?: boolean };
    if (attachments !== false) throw new CountersignError('ledger_unavailable', 'too long');
    const held = { id: 'e', type: 'CallRepeated', entry: new Uint8Array(), stream: 'call-c', revision: 3 };
    return contract.reply.parse({ events: [{ ...held, position: '4' }] });
  },
  close: async () => undefined,
};
const APPENDED = { stream: 'call-c', revision: 5, position: '6' };

describe('a held call', () => {
  it('is closed however often it was repeated', async () => {
    await expect(new CloseCall(long).unasked('a', 'c')).resolves.toBeUndefined();
  });
});
