import { Controller, Get, Headers, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { ledgerAppend } from '#contracts/ledger.js';
import { reportedOf } from '#core/approval/listed.js';
import { decisionsReport } from '#core/approval/reports/decisions-report.js';
import { dutiesReport } from '#core/approval/reports/duties-report.js';
import { pendingReport } from '#core/approval/reports/pending-report.js';
import { CONFIG } from '#http/platform.module.js';
import { readCommand } from '#http/read-command.js';
import { type RestCaller, requireRole, WhoCalls } from '#http/rest-caller.js';
import { Directory } from '../directory.js';
import { FollowLog } from '../follow-log.js';
import { decisionsCsv, dutiesCsv, pendingCsv } from './report-csv.js';
import { ReportedApprovals } from './reported-approvals.js';
import { ReportQuery } from './reports.queries.js';

interface Asked {
  readonly caller: RestCaller;
  readonly what: 'pending' | 'decisions' | 'duties';
  readonly query: ReportQuery;
  readonly accept: string | undefined;
}

/** What examiners, auditors and operators want to know of all approvals; each look is on record first (promise G6). */
@Controller('approvals/reports')
export class ReportsHttp {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Directory) private readonly directory: Directory,
    @Inject(ReportedApprovals) private readonly reported: ReportedApprovals,
    @Inject(FollowLog) private readonly log: FollowLog,
  ) {}

  @Get('pending')
  async pending(
    @WhoCalls() caller: RestCaller,
    @Query() query: ReportQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked: Asked = { caller, what: 'pending', query, accept };
    const about = { ...(await this.admit(asked)), now: new Date().toISOString(), items_max: query.limit };
    return send(reply, asked, pendingReport(this.directory.live().map(reportedOf), about), pendingCsv);
  }

  @Get('decisions')
  async decisions(
    @WhoCalls() caller: RestCaller,
    @Query() query: ReportQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked: Asked = { caller, what: 'decisions', query, accept };
    const about = { ...(await this.admit(asked)), tools_max: query.limit };
    return send(
      reply,
      asked,
      decisionsReport(await this.reported.within('decided', about), about),
      decisionsCsv,
    );
  }

  @Get('duties')
  async duties(
    @WhoCalls() caller: RestCaller,
    @Query() query: ReportQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const asked: Asked = { caller, what: 'duties', query, accept };
    const about = { ...(await this.admit(asked)), pairs_max: query.limit };
    return send(reply, asked, dutiesReport(await this.reported.within('requested', about), about), dutiesCsv);
  }

  /** Records the look. The answer is the period asked for. @throws CountersignError forbidden, approval_unavailable, ledger_* */
  private async admit({ caller, what, query, accept }: Asked) {
    this.log.requireCaughtUp();
    const { examiner, auditor, operator } = this.config.roles;
    const readers = [...new Set([...examiner, ...auditor, ...operator])];
    const allowed = caller.roles.some((role) => readers.includes(role));
    const period = { from: inUtc(query.from), to: inUtc(query.to) };
    const about = { ...period, format: formatOf(query, accept), limit: query.limit };
    const command = readCommand(caller, { what: `approvals-report-${what}`, query: about, allowed });
    await this.bus.request(ledgerAppend, command);
    requireRole(caller, readers);
    return period;
  }
}

const inUtc = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : new Date(text).toISOString();

const formatOf = ({ format }: ReportQuery, accept: string | undefined): 'json' | 'csv' =>
  format ?? (/^\s*text\/csv\b/i.test(accept ?? '') ? 'csv' : 'json');

const send = <Report extends object>(
  reply: FastifyReply,
  { what, query, accept }: Asked,
  report: Report,
  csv: (report: Report) => string,
): Report | string => {
  void reply.header('cache-control', 'no-store');
  if (formatOf(query, accept) === 'json') return report;
  void reply
    .header('content-type', 'text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="approvals-${what}.csv"`);
  return csv(report);
};
