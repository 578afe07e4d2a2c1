import type { JsonObject } from '../evidence/canonical-json.js';
import type { NoticeEvent } from './notice.events.js';

/** How far one channel is with one approval. */
export interface NoticeState {
  /** Revision of the last event of the approval that was told, or given up; -1 for none. */
  readonly handled: number;
  /** The last attempt, while the notice it is about is not handled. */
  readonly attempt?: { readonly notice: number; readonly number: number };
  /** Somebody is sending, or has died over it: nobody else sends before then. */
  readonly until?: string;
  /** The last attempt failed: not again before then. */
  readonly retryAt?: string;
  /** Of the last message that surely arrived. */
  readonly reference?: JsonObject;
}

export const NOTHING_TOLD: NoticeState = { handled: -1 };

export const evolveNotice = (state: NoticeState, event: NoticeEvent): NoticeState => {
  const { handled } = state;
  const kept = state.reference === undefined ? {} : { reference: state.reference };
  switch (event.type) {
    case 'NoticeIntended': {
      const { notice, attempt, until } = event.data;
      return { handled, ...kept, attempt: { notice, number: attempt }, until };
    }
    case 'NoticeSent':
      return { handled: event.data.notice, reference: event.data.reference };
    case 'NoticeFailed': {
      const { notice, attempt, retryAt } = event.data;
      if (retryAt === undefined) return { handled: notice, ...kept };
      return { handled, ...kept, attempt: { notice, number: attempt }, retryAt };
    }
  }
};
