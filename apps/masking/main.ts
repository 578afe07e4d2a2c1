import { ledgerReadiness } from '#service/readiness.js';
import { runDistributed } from '#service/run-distributed.js';
import { MaskingModule } from './masking.module.js';

await runDistributed({ service: 'masking', modules: () => [MaskingModule], readiness: ledgerReadiness });
