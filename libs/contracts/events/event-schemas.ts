import { ALARM_SCHEMAS } from './alarm.schemas.js';
import { APPROVAL_SCHEMAS } from './approval.schemas.js';
import { CALL_SCHEMAS } from './call.schemas.js';
import { CONVERSATION_SCHEMAS } from './conversation.schemas.js';
import { DELEGATION_SCHEMAS } from './delegation.schemas.js';
import { DISCLOSURE_SCHEMAS } from './disclosure.schemas.js';
import type { EventSchema } from './event-schema.js';
import { GATEWAY_SCHEMAS } from './gateway.schemas.js';
import { LOG_SCHEMAS } from './log.schemas.js';
import { NOTICE_SCHEMAS } from './notice.schemas.js';
import { PROPOSAL_SCHEMAS } from './proposal.schemas.js';

/**
 * Every type and version of event that any release has written. A version stays here for ever, because entries do; it
 * may only get wider, by an optional member, and everything else is a new version (libs/core/evidence/upcast.ts).
 */
export const EVENT_SCHEMAS: readonly EventSchema[] = [
  ...CALL_SCHEMAS,
  ...CONVERSATION_SCHEMAS,
  ...APPROVAL_SCHEMAS,
  ...NOTICE_SCHEMAS,
  ...DELEGATION_SCHEMAS,
  ...DISCLOSURE_SCHEMAS,
  ...GATEWAY_SCHEMAS,
  ...PROPOSAL_SCHEMAS,
  ...LOG_SCHEMAS,
  ...ALARM_SCHEMAS,
];

/** As files are named: `CallRequested.v1`. */
export const schemaName = ({ type, v }: { readonly type: string; readonly v: number }): string =>
  `${type}.v${v}`;
