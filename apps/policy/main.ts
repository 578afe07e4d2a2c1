import { runDistributed } from '#service/run-distributed.js';
import { ledgerReadiness } from '#service/readiness.js';
import { PolicyModule } from './policy.module.js';

await runDistributed({ service: 'policy', modules: () => [PolicyModule], readiness: ledgerReadiness });
