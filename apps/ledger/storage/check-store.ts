import {
  checkSqliteStore,
  type StoreCheck,
  type StoreCheckProgress,
} from '#event-store/sqlite/check-sqlite-store.js';
import { eventsFile } from '../open-event-store.js';
import { checkEvent } from './check-event.js';

export type { StoreCheck };

/** The whole check of the embedded store of a data folder, with or without an instance that runs on it. */
export const checkStore = (data: string, onProgress?: (progress: StoreCheckProgress) => void): StoreCheck =>
  checkSqliteStore({
    file: eventsFile(data),
    checkEvent,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
