import { join } from 'node:path';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { EventStore } from '#event-store/event-store.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { AlarmsHttp } from './alarms/alarms.http.js';
import { Alarms } from './alarms/alarms.js';
import { StoreWatch } from './alarms/store-watch.js';
import { ApprovalsBus } from './bus/approvals.bus.js';
import { LedgerBus } from './bus/ledger.bus.js';
import { Disclosures } from './disclosure/disclosures.js';
import { DisclosureHttp } from './http/disclosure.http.js';
import { EvidenceHttp } from './http/evidence.http.js';
import { LedgerHttp } from './http/ledger.http.js';
import { ProjectionHttp } from './http/projection.http.js';
import { READING_ROLES, Reading } from './http/reading.js';
import { ReplayHttp } from './http/replay.http.js';
import { SearchHttp } from './http/search.http.js';
import { Instances } from './instances.js';
import { Ledger } from './ledger.js';
import { EventIndex } from './log/event-index.js';
import { LedgerLog } from './log/ledger-log.js';
import { LogHttp } from './log/log.http.js';
import { Projection } from './projection/projection.js';
import { ValueIndex } from './projection/value-index.js';
import { Recovery } from './recovery.js';

const STORE = Symbol('STORE');

@Module({})
export class LedgerModule implements OnApplicationShutdown {
  constructor(
    @Inject(STORE) private readonly store: EventStore,
    @Inject(Projection) private readonly projection: Projection,
    @Inject(ValueIndex) private readonly index: ValueIndex,
  ) {}

  static forRoot(store: EventStore): DynamicModule {
    return {
      module: LedgerModule,
      controllers: [
        LedgerBus,
        ApprovalsBus,
        LogHttp,
        LedgerHttp,
        SearchHttp,
        ProjectionHttp,
        ReplayHttp,
        DisclosureHttp,
        AlarmsHttp,
        EvidenceHttp,
      ],
      providers: [
        { provide: STORE, useValue: store },
        { provide: Ledger, useValue: new Ledger(store) },
        { provide: Instances, useFactory: () => new Instances() },
        {
          provide: Projection,
          inject: [CONFIG, LOGGER],
          useFactory: (config: Config, logger: Logger) =>
            new Projection(store, join(config.data_dir, 'projection.db'), logger),
        },
        {
          provide: ValueIndex,
          inject: [Projection, BUS, LOGGER],
          useFactory: (projection: Projection, bus: Bus, logger: Logger) =>
            new ValueIndex(projection, store, bus, logger),
        },
        { provide: READING_ROLES, inject: [CONFIG], useFactory: (config: Config) => config.roles },
        Reading,
        Disclosures,
        Recovery,
        Alarms,
        LedgerLog,
        EventIndex,
        StoreWatch,
      ],
      exports: [Ledger],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.index.close();
    await this.projection.close();
    await this.store.close();
  }
}
