import { Webhook } from 'standardwebhooks';
import type { WebhookConfig } from '#config/notify.schema.js';
import type { NoticeKind } from '#core/notice/notice.events.js';
import type { OutboundFetch } from '#outbound/guarded-fetch.js';
import type { ApprovalView } from '../approval-view.js';
import type { Channel, Notice } from './channel.js';
import { refusedBy, unreachable } from './http-failure.js';

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const HTTP_GONE = 410;

export interface WebhookOptions {
  readonly config: WebhookConfig;
  /** `whsec_...`, all of which sign. */
  readonly secrets: readonly string[];
  readonly fetch: OutboundFetch;
}

/**
 * Signed POST to one endpoint, by the Standard Webhooks specification: the id is the same at every attempt, so that a receiver
 * can drop what it has; time and signature are new.
 * @throws TypeError for a secret that is not one
 */
export const webhookChannel = ({ config, secrets, fetch }: WebhookOptions): Channel => {
  const { name, url, kinds, roles: wanted } = config;
  const signers = secrets.map(signerOf);
  return {
    name: `webhook:${name}`,
    showsArguments: config.arguments,
    takes: ({ kind, roles }) =>
      kinds.includes(kind) && (wanted === undefined || wanted.some((role) => roles.includes(role))),
    deliver: async (notice, _, signal) => {
      const body = JSON.stringify(webhookBody(notice));
      const now = new Date();
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': notice.id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': signers.map((signer) => signer.sign(notice.id, now, body)).join(' '),
        },
        body,
        signal,
      }).catch((error: unknown) => {
        throw unreachable(error);
      });
      // By the specification any answer but 2xx is tried again; 410 says that nobody will ever want it.
      if (!answer.ok) throw refusedBy(answer, answer.status === HTTP_GONE);
      return { reference: {} };
    },
  };
};

const signerOf = (secret: string): Webhook => {
  const bytes = Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64').length;
  if (bytes < KEY_BYTES_MIN || bytes > KEY_BYTES_MAX)
    throw new TypeError(
      `a secret of a webhook must be whsec_ and ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes in base64`,
    );
  return new Webhook(secret);
};

const TYPES: { readonly [Kind in NoticeKind]: string } = {
  requested: 'approval.requested',
  reminder: 'approval.reminder',
  voted: 'approval.voted',
  escalated: 'approval.escalated',
  resolved: 'approval.resolved',
  review: 'approval.review',
};

/** What anybody may know who may approve; people by the name they have in records, nothing that identifies their account. */
const webhookBody = ({ kind, item, url, roles }: Notice) => ({
  type: TYPES[kind],
  timestamp: new Date().toISOString(),
  data: { approval: withoutAccount(item), roles, url },
});

const withoutAccount = ({ requester, arguments: shown, ...item }: ApprovalView) => ({
  ...item,
  requester: { principal: requester.principal, agent: requester.agent },
  ...(shown === null ? {} : { arguments: shown }),
});
