import { Module } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import { BUS } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { ActivePolicy } from './active-policy.js';
import { PolicyBus } from './policy.bus.js';

@Module({
  controllers: [PolicyBus],
  providers: [
    {
      provide: ActivePolicy,
      inject: [CONFIG, BUS, LOGGER],
      useFactory: (config: Config, bus: Bus, logger: Logger) =>
        ActivePolicy.load(config.policy_file, bus, logger),
    },
  ],
})
export class PolicyModule {}
