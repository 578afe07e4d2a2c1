import { Module } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from '#config/config.schema.js';
import { CONFIG, LOGGER } from '#http/platform.module.js';
import { Activator } from './activator.js';
import { ActivePolicy } from './active-policy.js';
import { Bundles } from './bundles.js';
import { PolicyHttp } from './http/policy.http.js';
import { YamlBodies } from './http/yaml-bodies.js';
import { PolicyBus } from './policy.bus.js';
import { compilePolicyFile, POLICY_FILE } from './policy-file.js';
import { PolicyLog } from './policy-log.js';
import { ProposalStreams } from './proposal-streams.js';
import { Proposals } from './proposals.js';

@Module({
  controllers: [PolicyBus, PolicyHttp],
  providers: [
    {
      provide: POLICY_FILE,
      inject: [CONFIG, LOGGER],
      useFactory: (config: Config, logger: Logger) => compilePolicyFile(config.policy_file, logger),
    },
    { provide: ActivePolicy, useFactory: () => new ActivePolicy() },
    Activator,
    Bundles,
    PolicyLog,
    Proposals,
    ProposalStreams,
    YamlBodies,
  ],
})
export class PolicyModule {}
