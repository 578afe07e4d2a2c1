import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '#bus/bus.js';
import type { Contract } from '#contracts/contract.js';
import { maskingReplay, type ReplayItem } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import { loadOrCreateSealingKey, SEALING_KEY_FILE } from '#sealing/file-keys.js';
import { createOpener } from '#sealing/opener.js';
import { replayItems } from './replay-items.js';

/**
 * Replays maskings with the keys of a stopped instance, in this process. A folder without a key gets none: what it sealed
 * is then erased, as far as this replay can know.
 */
export const openLocalMasking = async (keysFolder: string): Promise<Bus> => {
  const opener = createOpener(new Map(await keysIn(keysFolder)));
  return {
    request: async <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> => {
      if (contract.subject !== maskingReplay.subject) throw new CountersignError(contract.unavailable);
      const { items } = request as unknown as { items: readonly ReplayItem[] };
      return contract.reply.parse({ items: await replayItems(opener, items) });
    },
    close: async () => undefined,
  };
};

const keysIn = async (folder: string) => {
  try {
    await access(join(folder, SEALING_KEY_FILE));
  } catch {
    return [];
  }
  const { kid, privateKey } = await loadOrCreateSealingKey(folder);
  return [[kid, privateKey]] as const;
};
