import type { Config } from '#config/config.schema.js';
import type { ApprovalNeeds } from '#core/catalog/decide-catalog.js';

/** Who approves definitions by configuration. One operator may replace one alone only where nothing is at stake. */
export const approvalNeeds = ({
  mode,
  roles,
  catalog: { pin_approvals, repin_approvals },
}: Pick<Config, 'mode' | 'roles' | 'catalog'>): ApprovalNeeds => ({
  roles: roles.operator,
  pin: pin_approvals,
  repin: repin_approvals ?? (mode === 'development' ? 1 : 2),
});
