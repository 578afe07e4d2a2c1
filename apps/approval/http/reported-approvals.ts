import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerReportedApprovals } from '#contracts/ledger.js';
import type { Period, Reported } from '#core/approval/reports/reported.js';
import { CountersignError } from '#core/errors.js';

const PAGE = 200;
/** What one report is made of at most; each takes some hundred bytes while it is made. */
export const REPORTED_MAX = 200_000;

/** The approvals of a period, those that ended long ago included: the ledger's read model has them. */
@Injectable()
export class ReportedApprovals {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  /** @throws CountersignError report_too_large, read_model_behind, ledger_unavailable */
  async within(by: 'requested' | 'decided', { from, to }: Period): Promise<readonly Reported[]> {
    const found: Reported[] = [];
    let after: { readonly at: string; readonly n: number } | undefined;
    do {
      const page = await this.bus.request(ledgerReportedApprovals, { by, from, to, after, limit: PAGE });
      for (const item of page.items) found.push(item);
      if (found.length > REPORTED_MAX)
        throw new CountersignError('report_too_large', `more than ${REPORTED_MAX} approvals`);
      after = page.next;
    } while (after !== undefined);
    return found;
  }
}
