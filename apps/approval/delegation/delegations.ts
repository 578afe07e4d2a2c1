import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { decideOnStream, readState } from '#bus/decide-on-stream.js';
import { policyDelegation } from '#contracts/policy.js';
import type { OnBehalfOf } from '#core/approval/approval.events.js';
import { samePerson } from '#core/approval/decide-approval.js';
import {
  checkUse,
  type Delegate,
  decideDelegation,
  decideRevocation,
  decideUse,
  type RevokeDelegation,
  type UseOfDelegation,
} from '#core/delegation/decide-delegation.js';
import { type DelegationEvent, delegationStream } from '#core/delegation/delegation.events.js';
import { type DelegationState, evolveDelegation, NO_DELEGATION } from '#core/delegation/delegation.state.js';
import { CountersignError } from '#core/errors.js';
import type { Actor } from '#core/evidence/entry.js';
import { DelegationDirectory, isOpen, type ListedDelegation } from './delegation-directory.js';

/** Open delegations of one person. */
export const OPEN_MAX = 50;

/** What a delegate votes with. */
export interface Acting {
  readonly roles: readonly string[];
  readonly onBehalfOf: OnBehalfOf;
}

/** Gives, uses and revokes delegations, each decided on the state that the ledger has. */
@Injectable()
export class Delegations {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(DelegationDirectory) private readonly directory: DelegationDirectory,
  ) {}

  /** @throws CountersignError of `decideDelegation`, policy_unavailable, ledger_* */
  async give(actor: Actor, command: Omit<Delegate, 'limits' | 'now'>): Promise<ListedDelegation> {
    const now = new Date().toISOString();
    const open = this.directory
      .all()
      .filter(({ delegation }) => samePerson(delegation.grant.delegator, command.delegator))
      .filter(({ delegation }) => isOpen(delegation, now));
    if (open.length >= OPEN_MAX)
      throw new CountersignError('delegation_refused', `you have given ${OPEN_MAX} that are open`);
    const { limits } = await this.bus.request(policyDelegation, {});
    const id = randomUUID();
    return this.execute(id, id, actor, (_, at) => decideDelegation({ ...command, limits, now: at }));
  }

  /** @throws CountersignError of `decideRevocation`, ledger_* */
  revoke(delegationId: string, actor: Actor, command: RevokeDelegation): Promise<ListedDelegation> {
    return this.execute(delegationId, delegationId, actor, (state) => decideRevocation(state, command));
  }

  /** What the caller would vote with; counts nothing. @throws CountersignError of `checkUse`, ledger_* */
  async look(delegationId: string, use: UseOfDelegation): Promise<Acting> {
    const { state } = await readState<DelegationState, DelegationEvent>(this.bus, streamOf(delegationId));
    const roles = checkUse(state, use);
    const person = state.status === 'none' ? use.by : state.grant.delegator;
    return { roles, onBehalfOf: { delegation: delegationId, person } };
  }

  /**
   * Counts the use. Durable before the vote: a crash between the two loses a use and adds none.
   * @throws CountersignError of `decideUse`, ledger_*
   */
  async use(
    delegationId: string,
    actor: Actor,
    callId: string,
    use: Omit<UseOfDelegation, 'now'>,
  ): Promise<void> {
    await this.execute(delegationId, callId, actor, (state, now) => decideUse(state, { ...use, now }));
  }

  private async execute(
    delegationId: string,
    correlation: string,
    actor: Actor,
    decide: (state: DelegationState, now: string) => readonly DelegationEvent[],
  ): Promise<ListedDelegation> {
    const { entries } = await decideOnStream<DelegationState, DelegationEvent>(this.bus, {
      ...streamOf(delegationId),
      decide,
      actor,
      correlation: () => correlation,
      causation: delegationId,
    });
    for (const { entry } of entries) this.directory.apply(delegationId, entry);
    const listed = this.directory.get(delegationId);
    if (listed === undefined) throw new CountersignError('delegation_unknown');
    return listed;
  }
}

const streamOf = (delegationId: string) => ({
  stream: delegationStream(delegationId.slice(0, 100)),
  initial: NO_DELEGATION,
  evolve: evolveDelegation,
});
