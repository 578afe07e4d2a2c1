import { ledgerReadiness } from '#service/readiness.js';
import { runDistributed } from '#service/run-distributed.js';
import { LedgerModule } from './ledger.module.js';
import { openEventStore } from './open-event-store.js';

await runDistributed({
  service: 'ledger',
  modules: async (config) => [LedgerModule.forRoot(await openEventStore(config))],
  readiness: ledgerReadiness,
});
