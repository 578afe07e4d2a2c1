import { Module } from '@nestjs/common';
import type { Config } from '#config/config.schema.js';
import { CONFIG } from '#http/platform.module.js';
import { REST_AUDIENCE } from '#http/rest-caller.js';
import { inProcessJobs } from '#jobs/in-process-jobs.js';
import { JOBS } from '#jobs/jobs.js';
import { Approvals } from './approvals.js';
import { ApprovalBus } from './bus/approval.bus.js';
import { CloseCall } from './close-call.js';
import { Deeds } from './deeds.js';
import { ActingFor } from './delegation/acting.js';
import { DelegationDirectory } from './delegation/delegation-directory.js';
import { DelegationsHttp } from './delegation/delegations.http.js';
import { Delegations } from './delegation/delegations.js';
import { Directory, endedLimits } from './directory.js';
import { EarlierApprovals } from './earlier-approvals.js';
import { Emergency } from './emergency.js';
import { EmergencyAlarms } from './emergency-alarms.js';
import { Expiry, type JobsFactory } from './expiry.js';
import { FollowLog } from './follow-log.js';
import { ApprovalHttp } from './http/approval.http.js';
import { ReportedApprovals } from './http/reported-approvals.js';
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
    {
      provide: DelegationDirectory,
      inject: [CONFIG],
      useFactory: (config: Config) => new DelegationDirectory(endedLimits(config)),
    },
    {
      provide: Directory,
      inject: [CONFIG],
      useFactory: (config: Config) => new Directory(endedLimits(config)),
    },
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
    Deeds,
    Delegations,
    EarlierApprovals,
    Emergency,
    EmergencyAlarms,
    Expiry,
    FollowLog,
    Outbox,
    ReportedApprovals,
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
