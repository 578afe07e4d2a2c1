import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { Config } from '#config/config.schema.js';
import { CONFIG } from '#http/platform.module.js';
import { loadOrCreateSealingKey } from '#sealing/file-keys.js';
import { loadOrCreateSecret } from '#sealing/file-secret.js';
import { createOpener } from '#sealing/opener.js';
import { BlindIndex } from './blind-index.js';
import { HeldBus } from './held.bus.js';
import { IndexBus } from './index.bus.js';
import { MaskingBus, SEALING_KEYS, type SealingKeys } from './masking.bus.js';

@Module({
  controllers: [MaskingBus, IndexBus, HeldBus],
  providers: [
    {
      provide: SEALING_KEYS,
      inject: [CONFIG],
      useFactory: async (config: Config): Promise<SealingKeys> => {
        const { kid, publicKey, privateKey } = await loadOrCreateSealingKey(join(config.data_dir, 'keys'));
        return {
          kid,
          publicKey: publicKey as Record<string, string>,
          opener: createOpener(new Map([[kid, privateKey]])),
        };
      },
    },
    {
      provide: BlindIndex,
      inject: [CONFIG],
      useFactory: async (config: Config): Promise<BlindIndex> =>
        new BlindIndex(await loadOrCreateSecret(join(config.data_dir, 'keys', 'index.secret'))),
    },
  ],
})
export class MaskingModule {}
