import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { ConfigWatch } from '#config/watch-config.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { checkOrigin, type OriginCheck } from './check-origin.js';
import { MetadataHttp } from './metadata.http.js';
import {
  OPEN_TO_ALL,
  type OpenToAll,
  ORIGIN_CHECK,
  RESOURCE_SERVER,
  REST_AUDIENCE,
  RestGuard,
} from './rest-caller.js';

export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');
export const CONFIG_WATCH = Symbol('CONFIG_WATCH');

export interface Platform {
  readonly bus: Bus;
  readonly config: Config;
  /** Changes of the configuration file, for what can be changed while the service runs. */
  readonly configWatch: ConfigWatch;
  readonly logger: Logger;
  readonly resourceServer: ResourceServer;
  /** Public base address; known only once the port is bound, hence a function. */
  readonly publicUrl: () => string;
}

/** What every service has: the bus, the configuration, a logger, and what its REST edge needs. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot({ bus, config, configWatch, logger, resourceServer, publicUrl }: Platform): DynamicModule {
    const originCheck: OriginCheck = (head) => checkOrigin(head, { publicUrl: publicUrl(), ...config.http });
    const isOpen: OpenToAll = (name) => name === 'log_tiles' && config.log.tiles === 'public';
    return {
      module: PlatformModule,
      controllers: [MetadataHttp],
      providers: [
        { provide: BUS, useValue: bus },
        { provide: CONFIG, useValue: config },
        { provide: CONFIG_WATCH, useValue: configWatch },
        { provide: LOGGER, useValue: logger },
        { provide: RESOURCE_SERVER, useValue: resourceServer },
        { provide: ORIGIN_CHECK, useValue: originCheck },
        { provide: REST_AUDIENCE, useValue: publicUrl },
        { provide: OPEN_TO_ALL, useValue: isOpen },
        { provide: APP_GUARD, useClass: RestGuard },
      ],
      exports: [BUS, CONFIG, CONFIG_WATCH, LOGGER, RESOURCE_SERVER, ORIGIN_CHECK, REST_AUDIENCE],
    };
  }
}
