import { afterAll, beforeAll, describe } from 'vitest';
import type { EventStore } from '#event-store/event-store.js';
import { appendContract } from './event-store.append.contract.js';
import type { EventStoreFixture } from './event-store.fixture.js';
import { readContract } from './event-store.read.contract.js';
import { recoveryContract } from './event-store.recovery.contract.js';
import { subscribeContract } from './event-store.subscribe.contract.js';

/** What a part of the contract works with: the shared store of the suite, and the fixture to open more. */
export interface Subject {
  readonly store: EventStore;
  readonly fixture: EventStoreFixture;
}

/**
 * The contract of the event store port as tests, for every adapter the same.
 * `skip`: the reason why this adapter cannot be tested here; it becomes part of the title.
 */
export const eventStoreContract = (
  adapter: string,
  createFixture: () => Promise<EventStoreFixture>,
  skip?: string,
): void => {
  describe.skipIf(skip !== undefined)(
    `event store contract: ${adapter}${skip ? ` (skipped: ${skip})` : ''}`,
    () => {
      let subject: Subject | undefined;
      beforeAll(async () => {
        const fixture = await createFixture();
        subject = { fixture, store: await fixture.open() };
      });
      afterAll(async () => {
        await subject?.store.close();
        await subject?.fixture.dispose();
      });
      const current = (): Subject => {
        if (!subject) throw new Error('the fixture did not start');
        return subject;
      };
      appendContract(current);
      readContract(current);
      subscribeContract(current);
      recoveryContract(current);
    },
  );
};
