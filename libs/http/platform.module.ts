import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { ConfigWatch } from '#config/watch-config.js';
import type { TokenVerifier } from '#identity/token-verifier.js';
import { REST_AUDIENCE, RestCallers, VERIFIER } from './rest-caller.js';

export const CONFIG = Symbol('CONFIG');
export const LOGGER = Symbol('LOGGER');
export const CONFIG_WATCH = Symbol('CONFIG_WATCH');

export interface Platform {
  readonly bus: Bus;
  readonly config: Config;
  /** Changes of the configuration file, for what can be changed while the service runs. */
  readonly configWatch: ConfigWatch;
  readonly logger: Logger;
  readonly verifier: TokenVerifier;
  /** Public base address; known only once the port is bound, hence a function. */
  readonly publicUrl: () => string;
}

/** What every service has: the bus, the configuration, a logger, and the verifier for its REST edge. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot({ bus, config, configWatch, logger, verifier, publicUrl }: Platform): DynamicModule {
    return {
      module: PlatformModule,
      providers: [
        { provide: BUS, useValue: bus },
        { provide: CONFIG, useValue: config },
        { provide: CONFIG_WATCH, useValue: configWatch },
        { provide: LOGGER, useValue: logger },
        { provide: VERIFIER, useValue: verifier },
        { provide: REST_AUDIENCE, useValue: publicUrl },
        RestCallers,
      ],
      exports: [BUS, CONFIG, CONFIG_WATCH, LOGGER, VERIFIER, REST_AUDIENCE, RestCallers],
    };
  }
}
