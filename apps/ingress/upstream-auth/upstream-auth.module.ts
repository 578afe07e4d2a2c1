import { Module } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { CONFIG } from '#http/platform.module.js';
import { REST_AUDIENCE } from '#http/rest-caller.js';
import { UpstreamAuthHttp } from './upstream-auth.http.js';
import { UpstreamAuths } from './upstream-auths.js';

@Module({
  controllers: [UpstreamAuthHttp],
  providers: [
    {
      provide: UpstreamAuths,
      inject: [BUS, CONFIG, REST_AUDIENCE],
      useFactory: (bus: Bus, config: Config, publicUrl: () => string) =>
        UpstreamAuths.open(bus, config, publicUrl),
    },
  ],
  exports: [UpstreamAuths],
})
export class UpstreamAuthModule {}
