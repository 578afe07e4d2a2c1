import { ledgerReadiness } from '#service/readiness.js';
import { runDistributed } from '#service/run-distributed.js';
import { PolicyModule } from './policy.module.js';

await runDistributed({ service: 'policy', modules: () => [PolicyModule], readiness: ledgerReadiness });
