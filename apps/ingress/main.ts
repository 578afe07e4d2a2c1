import { gatewayReadiness } from '#service/readiness.js';
import { runDistributed } from '#service/run-distributed.js';
import { IngressModule } from './ingress.module.js';

await runDistributed({ service: 'ingress', modules: () => [IngressModule], readiness: gatewayReadiness });
