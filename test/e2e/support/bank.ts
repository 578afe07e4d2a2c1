import { DEMO_SEED } from '../../../apps/demo-bank/bank.js';
import {
  type CoreBanking,
  type CoreBankingOptions,
  startCoreBanking,
} from '../../../apps/demo-bank/core-banking/core-banking.js';
import type { Stage } from './stage.js';
import type { Settings } from './standalone.js';

/** The bank's own server in this process, where nothing that happens to the gateway can touch its counters. */
export const startBank = async (
  stage: Stage,
  options: Partial<CoreBankingOptions> = {},
): Promise<CoreBanking> => {
  const bank = await startCoreBanking({ port: 0, seed: DEMO_SEED, ...options });
  stage.defer(bank.close);
  return bank;
};

export const bankUpstream = ({ url }: CoreBanking, settings: Settings = {}): Settings => ({
  name: 'core-banking',
  transport: 'http',
  url,
  ...settings,
});
