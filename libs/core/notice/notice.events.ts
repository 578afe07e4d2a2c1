import type { JsonObject } from '../evidence/canonical-json.js';

/**
 * What people are told of an approval: that it waits, still waits, was voted on, may be approved by more roles, has ended, and
 * that somebody must look at it afterwards.
 */
export const NOTICE_KINDS = ['requested', 'reminder', 'voted', 'escalated', 'resolved', 'review'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Before anything is sent; the append elects who sends. Until `until` nobody else does. */
export interface NoticeIntended {
  readonly type: 'NoticeIntended';
  readonly v: 1;
  readonly data: {
    readonly approvalId: string;
    readonly channel: string;
    /** Revision of the event of the approval that is told. */
    readonly notice: number;
    readonly kind: NoticeKind;
    /** From 1. More than one: an earlier one failed, or its outcome is unknown and it may have arrived. */
    readonly attempt: number;
    readonly until: string;
  };
}

export interface NoticeSent {
  readonly type: 'NoticeSent';
  readonly v: 1;
  readonly data: {
    readonly channel: string;
    readonly notice: number;
    readonly attempt: number;
    /** What the channel needs to change the message later: opaque ids, nothing about people. */
    readonly reference: JsonObject;
  };
}

export interface NoticeFailed {
  readonly type: 'NoticeFailed';
  readonly v: 1;
  readonly data: {
    readonly channel: string;
    readonly notice: number;
    readonly attempt: number;
    /** A code of the protocol, nothing about people. */
    readonly reason: string;
    /** True: it is given up. */
    readonly final: boolean;
    /** Not before then; absent when it is given up. */
    readonly retryAt?: string;
  };
}

export type NoticeEvent = NoticeIntended | NoticeSent | NoticeFailed;

/** One history for each approval and channel: channels do not wait for one another. */
export const noticeStream = (approvalId: string, channel: string): string =>
  `notice-${approvalId}.${channel}`;
