import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import { ledgerReportedApprovals, ledgerUnsettledApprovals } from '#contracts/ledger.js';
import { Projection } from '../projection/projection.js';
import type { ReportedQuery } from '../projection/query-approvals.js';

/** What the approval service does not keep in memory. */
@Controller()
export class ApprovalsBus {
  constructor(@Inject(Projection) private readonly projection: Projection) {}

  @Answers(ledgerReportedApprovals)
  async reported(query: ReportedQuery) {
    const page = await this.projection.reported(query);
    return { ...page, items: [...page.items] };
  }

  @Answers(ledgerUnsettledApprovals)
  async unsettled({ since }: { since: string }) {
    const found = await this.projection.unsettled({ since, now: new Date().toISOString() });
    return { ...found, approvals: [...found.approvals], calls: [...found.calls] };
  }
}
