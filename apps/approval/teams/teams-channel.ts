import type { TeamsTarget } from '#config/teams.schema.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { NoticeKind } from '#core/notice/notice.events.js';
import type { ApprovalView } from '../approval-view.js';
import type { Channel, Notice, Sent } from '../notify/channel.js';
import { sharedCard } from './approval-card.js';
import { clipped, shown } from './card-text.js';
import type { Connector, SentMessage } from './connector.js';
import { isReviewOpen } from './emergency-card.js';

export interface TeamsChannelOptions {
  readonly target: TeamsTarget;
  readonly connector: Connector;
  /** Whether there is a page to open. */
  readonly hasPage: boolean;
}

/** Changing a card tells nobody; these are worth a message of their own below it. */
const REPLIES: Readonly<Partial<Record<NoticeKind, (item: ApprovalView) => string>>> = {
  reminder: () => 'This approval still waits.',
  escalated: () => 'More people may approve this now.',
  review: (item) =>
    isReviewOpen(item)
      ? 'This was granted by break-glass and waits for its review.'
      : 'This was granted by break-glass and has been reviewed.',
};

const SUMMARY_MAX = 200;

/**
 * One card for each approval in one conversation, kept as the approval is now. A crash may leave a second card that is not kept
 * so; clients that show it ask for its state, and votes on it are refused like all that come too late.
 */
export const teamsChannel = ({ target, connector, hasPage }: TeamsChannelOptions): Channel => ({
  name: `teams:${target.name}`,
  showsArguments: false,
  takes: ({ roles }) => target.roles === undefined || target.roles.some((role) => roles.includes(role)),
  deliver: async (notice, previous, signal): Promise<Sent> => {
    const message = messageOf(notice, hasPage);
    const known = messageIn(previous);
    if (known !== undefined) {
      await connector.update(known, message, signal);
      const reply = REPLIES[notice.kind]?.(notice.item);
      if (reply !== undefined) await connector.reply(known, { type: 'message', text: reply }, signal);
      return { reference: { ...known } };
    }
    // The end of something that was never told is no news.
    if (notice.kind === 'resolved') return { reference: {} };
    const sent =
      target.channel === undefined
        ? await connector.writeTo(target.person ?? '', message, signal)
        : await connector.startThread(target.channel, message, signal);
    return { reference: { ...sent } };
  },
});

const messageOf = ({ item, url }: Notice, hasPage: boolean): JsonObject => ({
  type: 'message',
  summary: clipped(shown(`${item.requester.principal}: ${item.server} / ${item.tool}`), SUMMARY_MAX),
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: sharedCard(item, hasPage ? url : undefined),
    },
  ],
});

const messageIn = (previous: Sent | undefined): SentMessage | undefined => {
  const { conversation, activity } = previous?.reference ?? {};
  return typeof conversation === 'string' && typeof activity === 'string'
    ? { conversation, activity }
    : undefined;
};
