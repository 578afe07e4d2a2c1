import type { Bus } from '#bus/bus.js';
import { approvalFind } from '#contracts/approval.js';
import { ledgerReadStream } from '#contracts/ledger.js';
import { maskingSealingKey } from '#contracts/masking.js';
import { policyRoles } from '#contracts/policy.js';
import type { ReadinessChecks } from './health.http.js';

/** What a governed call needs; asked over the bus like a call would. */
export const gatewayReadiness = (bus: Bus): ReadinessChecks => ({
  policy: () => bus.request(policyRoles, { groups: [] }),
  masking: () => bus.request(maskingSealingKey, {}),
  approval: () => bus.request(approvalFind, { attachKey: 'readiness' }),
  ledger: () => askLedger(bus),
});

export const ledgerReadiness = (bus: Bus): ReadinessChecks => ({ ledger: () => askLedger(bus) });

const askLedger = (bus: Bus): Promise<unknown> =>
  bus.request(ledgerReadStream, { stream: 'gateway-readiness' });
