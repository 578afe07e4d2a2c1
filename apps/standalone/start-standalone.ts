import type { Logger } from 'pino';
import { InProcessTransport, inProcessBus } from '#bus/in-process/in-process-bus.js';
import type { Config } from '#config/config.schema.js';
import type { ConfigWatch } from '#config/watch-config.js';
import { gatewayReadiness } from '#service/readiness.js';
import { type Mount, type RunningService, startService } from '#service/start-service.js';
import { ApprovalModule } from '../approval/approval.module.js';
import { IngressModule } from '../ingress/ingress.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { openEventStore } from '../ledger/open-event-store.js';
import { MaskingModule } from '../masking/masking.module.js';
import { PolicyModule } from '../policy/policy.module.js';

/** All five services in this process, over the in-process bus. The same modules as in the distributed shape. */
export const startStandalone = async (
  config: Config,
  logger: Logger,
  { mount, configWatch }: { readonly mount?: Mount; readonly configWatch?: ConfigWatch } = {},
): Promise<RunningService> => {
  const transport = new InProcessTransport((subject, error) =>
    logger.error({ subject, err: error }, 'unexpected error in a service'),
  );
  const bus = inProcessBus(transport);
  const store = await openEventStore(config);
  return startService({
    config,
    logger,
    bus,
    transport,
    modules: [LedgerModule.forRoot(store), PolicyModule, MaskingModule, ApprovalModule, IngressModule],
    readiness: gatewayReadiness(bus),
    ...(mount === undefined ? {} : { mount }),
    ...(configWatch === undefined ? {} : { configWatch }),
  });
};
