import type { KnownApproval } from '#core/approval/approval.state.js';
import { hasExpired } from '#core/approval/decide-approval.js';
import { grantObstacle } from '#core/approval/decide-grant.js';

interface Granted {
  readonly approvalId: string;
  readonly approval: KnownApproval;
  /** False once the hold of the call that asked has ended. */
  readonly callOpen: boolean;
}

/** Grants that further calls may run under, by the key of those calls. The ledger decides; this only knows where to ask. */
export class OpenGrants {
  private readonly byKey = new Map<string, Map<string, Granted>>();

  note({ approvalId, approval, callOpen }: Granted): void {
    const key = approval.request.grant?.key;
    if (key === undefined || approval.grant === undefined) return;
    const granted = this.byKey.get(key) ?? new Map<string, Granted>();
    // Time is looked at when somebody asks, and now and then by `removeOver`.
    const neverRuns = !callOpen && approval.status !== 'used';
    const isOver = neverRuns || grantObstacle(approval, { now: NEVER_LATE, ownCallRan: true }) !== undefined;
    if (isOver) granted.delete(approvalId);
    else granted.set(approvalId, { approvalId, approval, callOpen });
    if (granted.size === 0) this.byKey.delete(key);
    else this.byKey.set(key, granted);
  }

  /** Forgets those whose time is over, and answers which. */
  removeOver(now: string): readonly string[] {
    const over = [...this.byKey.values()]
      .flatMap((granted) => [...granted.values()])
      .filter(({ approval }) => hasExpired(approval.grant?.until ?? NEVER_LATE, now));
    for (const { approvalId, approval } of over) {
      const key = approval.request.grant?.key ?? '';
      this.byKey.get(key)?.delete(approvalId);
      if (this.byKey.get(key)?.size === 0) this.byKey.delete(key);
    }
    return over.map(({ approvalId }) => approvalId);
  }

  /** The one that ends first, so that none is wasted. */
  find(key: string, now: string): string | undefined {
    const open = [...(this.byKey.get(key)?.values() ?? [])].filter(
      ({ approval }) =>
        grantObstacle(approval, { now, ownCallRan: approval.status === 'used' }) === undefined,
    );
    const until = ({ approval }: Granted): string => approval.grant?.until ?? '';
    return open.sort((a, b) => (until(a) < until(b) ? -1 : 1))[0]?.approvalId;
  }
}

const NEVER_LATE = '1970-01-01T00:00:00.000Z';
