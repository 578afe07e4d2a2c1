import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NoticeKind } from '#core/notice/notice.events.js';
import { openOutbound } from '#outbound/guarded-fetch.js';
import { outboundRules } from '#outbound/outbound-rules.js';
import type { Sent } from '../../apps/approval/notify/channel.js';
import { connector } from '../../apps/approval/teams/connector.js';
import { teamsChannel } from '../../apps/approval/teams/teams-channel.js';
import { grantedInEmergency, viewWith } from './approval-view.fixture.js';
import {
  APP_ID,
  APP_SECRET,
  type BotFramework,
  CHANNEL_ID,
  startBotFramework,
  TENANT,
} from './bot-framework.js';

const { fetch, close } = openOutbound({ rules: outboundRules({ allow: [], loopback: true }) });
let teams: BotFramework;
beforeAll(async () => {
  teams = await startBotFramework();
});
afterEach(() => teams.refuse(0));
afterAll(async () => {
  await close();
  await teams.close();
});

const channelWith = (app_secret = APP_SECRET) =>
  teamsChannel({
    target: { name: 'managers', channel: CHANNEL_ID, roles: ['manager'] },
    hasPage: true,
    connector: connector({
      ...{ app_id: APP_ID, app_secret, tenant: TENANT, service_url: teams.serviceUrl },
      ...{ token_url: `${teams.url}/token`, scope: 'https://api.botframework.com/.default', fetch },
    }),
  });
const tell = (
  kind: NoticeKind,
  previous?: Sent,
  channel = channelWith(),
  changes: Parameters<typeof viewWith>[0] = { status: kind === 'resolved' ? 'used' : 'pending' },
): Promise<Sent> =>
  channel.deliver(
    {
      ...{ id: 'n', approvalId: viewWith().id, kind, roles: ['manager'] },
      ...{
        item: viewWith(changes),
        url: 'https://gateway.example/a',
      },
    },
    previous,
    AbortSignal.timeout(5_000),
  );

describe('a conversation in Teams', () => {
  it('is told of approvals for its roles only', () => {
    expect(channelWith().takes({ kind: 'requested', roles: ['manager', 'director'] })).toBe(true);
    expect(channelWith().takes({ kind: 'requested', roles: ['director'] })).toBe(false);
    expect(channelWith().showsArguments).toBe(false);
  });

  it('has one card, changed by each notice; those that people must hear of come with a reply', async () => {
    const channel = channelWith();
    const sent = await tell('requested', undefined, channel);
    for (const kind of ['voted', 'reminder', 'escalated', 'resolved', 'review'] as const)
      expect(await tell(kind, sent, channel)).toEqual(sent);
    const mine = [...teams.messages.values()].filter(({ id }) => id === sent.reference['activity']);
    expect(mine[0]?.versions).toHaveLength(6);
    expect(teams.replies.map(({ conversation }) => conversation)).toEqual(
      Array.from({ length: 3 }, () => sent.reference['conversation']),
    );
    expect(teams.tokens()).toBe(1);
    expect(teams.mistakes).toEqual([]);
  });

  it('is told whether a review waits or has been given', async () => {
    const channel = channelWith();
    const sent = await tell('requested', undefined, channel);
    const given = { status: 'justified' as const, reviewer: 'ada.auditor', reason: 'as the log shows' };
    for (const review of [{}, given]) await tell('review', sent, channel, grantedInEmergency(review));
    const mine = teams.replies.filter(({ conversation }) => conversation === sent.reference['conversation']);
    expect(mine.map(({ text }) => text)).toEqual([
      'This was granted by break-glass and waits for its review.',
      'This was granted by break-glass and has been reviewed.',
    ]);
  });

  it('has one card still when a change of it is sent again after a crash', async () => {
    const sent = await tell('requested');
    const before = teams.messages.size;
    for (const channel of [channelWith(), channelWith()])
      expect(await tell('voted', sent, channel)).toEqual(sent);
    expect(teams.messages.size).toBe(before);
    const mine = [...teams.messages.values()].find(({ id }) => id === sent.reference['activity']);
    expect(mine?.versions[2]).toEqual(mine?.versions[1]);
  });

  it('is not told of the end of what it was never told', async () => {
    const before = teams.messages.size;
    expect(await tell('resolved')).toEqual({ reference: {} });
    expect(await tell('resolved', { reference: {} })).toEqual({ reference: {} });
    expect(teams.messages.size).toBe(before);
  });

  it.each([
    [403, true],
    [404, true],
    [413, true],
    [401, false],
    [429, false],
    [500, false],
    [503, false],
  ])('that answers %i is given up: %s', async (status, final) => {
    teams.refuse(status);
    const failure = await tell('requested').catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: `http_${status}` });
    expect((failure as { options: { final?: boolean } }).options.final).toBe(final);
  });

  it('is tried again with another token when this one is good no more', async () => {
    const channel = channelWith();
    await tell('requested', undefined, channel);
    const before = teams.tokens();
    teams.refuse(401);
    await expect(tell('requested', undefined, channel)).rejects.toMatchObject({ reason: 'http_401' });
    teams.refuse(0);
    await tell('requested', undefined, channel);
    expect(teams.tokens()).toBe(before + 1);
  });

  it('is tried again while the secret of the bot is wrong, and says nothing of it', async () => {
    await expect(tell('requested', undefined, channelWith('wrong'))).rejects.toMatchObject({
      reason: 'token_http_400',
      options: {},
    });
  });
});
