import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventToAppend } from '../event-store.js';
import { packEvents, unpackEvents } from './packed-events.js';

const sizeOf = ({ entry, attachment }: EventToAppend): number =>
  entry.byteLength + (attachment?.byteLength ?? 0);

const bare = fc.record({ id: fc.uuid(), type: fc.string(), entry: fc.uint8Array() });
const attached = fc.record({
  id: fc.uuid(),
  type: fc.string(),
  entry: fc.uint8Array(),
  attachment: fc.uint8Array(),
});

describe('packEvents', () => {
  it('loses nothing on the way to another thread and back', () => {
    const property = fc.property(fc.array(fc.array(fc.oneof(bare, attached))), (batches) => {
      const events = batches.flat();
      const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
      const packed = structuredClone(packEvents(batches, bytes));
      expect(unpackEvents(packed)).toEqual(events);
    });
    fc.assert(property);
  });

  it('refuses a size that is not the size of the events', () => {
    const event = { id: 'i', type: 't', entry: new Uint8Array(3) };
    expect(() => packEvents([[event]], 4)).toThrow(/announced/);
    expect(() => packEvents([[event]], 2)).toThrow(RangeError);
  });
});
