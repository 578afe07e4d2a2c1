import { setTimeout as pause } from 'node:timers/promises';
import { Refused } from './api.js';

const AGAIN_MS = 500;

/** Asks again while the server still builds its read model or index, and says on stderr how far it is. */
export const whenBuilt = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'read_model_behind') throw error;
      console.error(error.message);
      await pause(AGAIN_MS);
    }
  }
};
