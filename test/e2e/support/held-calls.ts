import type { Approval, approver } from './rest.js';
import { connect, type System } from './system.js';
import { waitUntil } from './wait-until.js';

type Approver = Awaited<ReturnType<typeof approver>>;

/** The approval that waits with this word in its arguments, as soon as there is one. */
export const pendingWith = (by: Approver, word: string): Promise<Approval> =>
  waitUntil('the approval', async () =>
    (await by.list('pending')).find(({ arguments: shown }) => JSON.stringify(shown).includes(word)),
  );

/** An update of the data engineer that waits. `end` waits until it is over, and says how it ended. */
export const holdUpdate = async (system: System, by: Approver, notes: string) => {
  const engineer = await connect(system, 'SDK v2', 'data-engineer', 'core-banking');
  const waiting = engineer
    .call('update_customer', { customer_id: 'C-1003', fields: { notes } })
    .catch((error: Error) => error);
  return {
    held: await pendingWith(by, notes),
    end: async () => {
      const result = await waiting;
      await engineer.close();
      return result;
    },
  };
};
