import {
  NOTICE_KINDS,
  type NoticeFailed,
  type NoticeIntended,
  type NoticeSent,
} from '#core/notice/notice.events.js';
import { eventSchema } from './event-schema.js';
import { count, flag, instant, name, object, oneOf } from './fields.js';

const stream = 'notice';
const v = 1;
const payload = 'none';

const attempted = {
  channel: name('Where people are told.'),
  notice: count('Revision of the event of the approval that is told.'),
  attempt: count('Which attempt it is, from 1.'),
};

export const NOTICE_SCHEMAS = [
  eventSchema<NoticeIntended>({
    type: 'NoticeIntended',
    v,
    about: 'People are about to be told of an approval. Without an outcome it may have arrived or not.',
    stream,
    payload,
    data: {
      approvalId: name('The approval.'),
      ...attempted,
      kind: oneOf(NOTICE_KINDS, 'What is told.'),
      until: instant('Nobody else tells it before.'),
    },
  }),
  eventSchema<NoticeSent>({
    type: 'NoticeSent',
    v,
    about: 'The channel has taken it.',
    stream,
    payload,
    data: {
      ...attempted,
      reference: object('Opaque ids with which the channel can change the message later.'),
    },
  }),
  eventSchema<NoticeFailed>({
    type: 'NoticeFailed',
    v,
    about: 'The channel has not taken it, or it is not worth telling any more.',
    stream,
    payload,
    data: {
      ...attempted,
      reason: name('A code of the protocol, or of the gateway.'),
      final: flag('Whether it is given up.'),
      retryAt: instant('Not again before; absent when it is given up.').optional(),
    },
  }),
];
