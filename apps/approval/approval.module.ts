import { Module } from '@nestjs/common';
import type { Config } from '#config/config.schema.js';
import { CONFIG } from '#http/platform.module.js';
import { REST_AUDIENCE } from '#http/rest-caller.js';
import { inProcessJobs } from '#jobs/in-process-jobs.js';
import { JOBS } from '#jobs/jobs.js';
import { Approvals } from './approvals.js';
import { ApprovalBus } from './bus/approval.bus.js';
import { CloseCall } from './close-call.js';
import { ActingFor } from './delegation/acting.js';
import { DelegationDirectory } from './delegation/delegation-directory.js';
import { DelegationsHttp } from './delegation/delegations.http.js';
import { Delegations } from './delegation/delegations.js';
import { Directory } from './directory.js';
import { Emergency } from './emergency.js';
import { EmergencyAlarms } from './emergency-alarms.js';
import { Expiry, type JobsFactory } from './expiry.js';
import { FollowLog } from './follow-log.js';
import { ApprovalHttp } from './http/approval.http.js';
import { ReportsHttp } from './http/reports.http.js';
import { LiveHttp } from './live/live.http.js';
import { CHANNELS } from './notify/channel.js';
import { openChannels } from './notify/open-channels.js';
import { Outbox } from './notify/outbox.js';
import { SendNotice } from './notify/send-notice.js';
import { ApprovalPages } from './page/approval-pages.js';
import { PageHttp } from './page/page.http.js';
import { PAGE_URL, pageAddress } from './page/page-address.js';
import { SignedOut } from './page/signed-out.js';
import { Revocation } from './revocation.js';
import { ShownArguments } from './shown-arguments.js';
import { TeamsHttp } from './teams/teams.http.js';
import { TeamsBot } from './teams/teams-bot.js';
import { VisibleApprovals } from './visible-approvals.js';
import { Voting } from './voting.js';

const QUEUE = 'countersign-approvals';

@Module({
  controllers: [ApprovalBus, ApprovalHttp, ReportsHttp, PageHttp, LiveHttp, DelegationsHttp, TeamsHttp],
  providers: [
    { provide: DelegationDirectory, useFactory: () => new DelegationDirectory() },
    { provide: Directory, useFactory: () => new Directory() },
    {
      provide: JOBS,
      inject: [CONFIG],
      useFactory: async ({ jobs }: Config): Promise<JobsFactory> => {
        const { redis_url } = jobs;
        if (redis_url === undefined) return inProcessJobs;
        const { bullmqJobs } = await import('#jobs/bullmq-jobs.js');
        return (handler, onError) => bullmqJobs({ redis_url, queue: QUEUE }, handler, onError);
      },
    },
    { provide: CHANNELS, inject: [CONFIG], useFactory: openChannels },
    {
      provide: SignedOut,
      inject: [CONFIG],
      useFactory: ({ approvals: { login } }: Config) => new SignedOut(login?.session_s_max ?? 0),
    },
    {
      provide: PAGE_URL,
      inject: [CONFIG, REST_AUDIENCE],
      useFactory: (config: Config, publicUrl: () => string) => () => pageAddress(config, publicUrl()).base,
    },
    ActingFor,
    Approvals,
    CloseCall,
    Delegations,
    Emergency,
    EmergencyAlarms,
    Expiry,
    FollowLog,
    Outbox,
    Revocation,
    SendNotice,
    ShownArguments,
    VisibleApprovals,
    ApprovalPages,
    TeamsBot,
    Voting,
  ],
})
export class ApprovalModule {}
