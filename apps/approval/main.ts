import { ledgerReadiness } from '#service/readiness.js';
import { runDistributed } from '#service/run-distributed.js';
import { ApprovalModule } from './approval.module.js';

await runDistributed({ service: 'approval', modules: () => [ApprovalModule], readiness: ledgerReadiness });
