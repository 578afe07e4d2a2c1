import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ApprovalEvent, ApprovalGranted } from '#core/approval/approval.events.js';
import { type ApprovalState, evolveApproval, NO_APPROVAL } from '#core/approval/approval.state.js';
import type { CallEvent } from '#core/call/call.events.js';
import { type CallState, evolveCall, NO_CALL } from '#core/call/evolve-call.js';
import type { CatalogEvent } from '#core/catalog/catalog.events.js';
import { EMPTY_CATALOG, entryKey, evolveCatalog } from '#core/catalog/catalog.state.js';
import { canonicalJson, type JsonObject } from '#core/evidence/canonical-json.js';
import { entryText } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import { PROJECTED_TYPES, projectCall } from '../../apps/ledger/projection/project-call.js';
import { schemaProblems } from '../schemas/entry-schemas.js';
import { goldenBytes, goldenNames, SUMS, sumLine } from './golden-entries.js';

const golden = goldenNames().map((name) => ({ name, bytes: goldenBytes(name) }));
const entries = golden.map(({ bytes }) => readEntry(bytes));
const ofStream = (prefix: string) => entries.filter(({ stream }) => stream.startsWith(`${prefix}-`));
const entryOf = (type: string) => {
  const found = entries.find((entry) => entry.type === type);
  if (found === undefined) throw new Error(`there is no golden ${type}`);
  return found;
};

describe.each(golden)('the golden entry $name', ({ name, bytes }) => {
  it('is byte for byte what was stored', () => {
    expect(readFileSync(SUMS, 'utf8').split('\n')).toContain(sumLine(name, bytes));
  });

  it('is RFC 8785 text', () => {
    expect(canonicalJson(JSON.parse(bytes.toString('utf8')) as JsonObject)).toBe(bytes.toString('utf8'));
  });

  it('fits its schema', () => {
    expect(schemaProblems(readEntry(bytes))).toEqual([]);
  });

  it('is read without loss', () => {
    const entry = readEntry(bytes);
    expect(asEvent<typeof entry>(entry)).toEqual(entry);
    expect(entryText(entry, entry)).toBe(bytes.toString('utf8'));
  });
});

describe('golden entries', () => {
  it('are each in the list of sums, and nothing else is', () => {
    const sums = readFileSync(SUMS, 'utf8').trimEnd().split('\n');
    expect(sums.sort()).toEqual(golden.map(({ name, bytes }) => sumLine(name, bytes)).sort());
  });

  const approvalId = entryOf('CallHeld').correlation;
  /** Where each event of a call leads to from some state that it may follow. */
  const LEADS_TO: { readonly [Type in CallEvent['type']]: readonly [CallState, CallState['kind']] } = {
    CallRequested: [NO_CALL, 'requested'],
    CallDecided: [{ kind: 'requested' }, 'decided'],
    CallHeld: [{ kind: 'decided', effect: 'approval', approvalId: null }, 'held'],
    CallRepeated: [{ kind: 'held', approvalId }, 'held'],
    HoldEnded: [{ kind: 'held', approvalId }, 'released'],
    CallDenied: [{ kind: 'requested' }, 'ended'],
    CallCancelled: [{ kind: 'released', approvalId: 'a', granted: false }, 'ended'],
    ForwardIntended: [{ kind: 'released', approvalId, granted: true }, 'forwarding'],
    InputRequested: [{ kind: 'forwarding', instance: 'i', asked: 0, open: [] }, 'forwarding'],
    InputAnswered: [{ kind: 'forwarding', instance: 'i', asked: 1, open: [1] }, 'forwarding'],
    MessageReleased: [{ kind: 'forwarding', instance: 'i', asked: 0, open: [] }, 'forwarding'],
    CallReturned: [{ kind: 'forwarding', instance: 'i', asked: 0, open: [] }, 'returned'],
    ResultMasked: [{ kind: 'returned' }, 'masked'],
    CallCompleted: [{ kind: 'masked' }, 'ended'],
    CallContinued: [{ kind: 'ended', awaitsInput: true }, 'ended'],
    CallFailed: [{ kind: 'forwarding', instance: 'i', asked: 0, open: [] }, 'ended'],
    CallOutcomeUnknown: [{ kind: 'forwarding', instance: 'i', asked: 0, open: [] }, 'ended'],
  };

  it('of calls move a call on as they always did', () => {
    const calls = ofStream('call').map((entry) => asEvent<CallEvent>(entry));
    expect(calls.map(({ type }) => type).sort()).toEqual(Object.keys(LEADS_TO).sort());
    for (const event of calls) {
      const [from, to] = LEADS_TO[event.type];
      expect([event.type, evolveCall(from, event).kind]).toEqual([event.type, to]);
    }
  });

  it('of approvals are folded with all they say', () => {
    const fold = (...types: readonly ApprovalEvent['type'][]): ApprovalState =>
      types.reduce<ApprovalState>(
        (state, type) => evolveApproval(state, asEvent<ApprovalEvent>(entryOf(type))),
        NO_APPROVAL,
      );
    const request = entryOf('ApprovalRequested').data;
    const vote = entryOf('ApprovalVoted').data;
    expect(fold('ApprovalRequested', 'ApprovalVoted', 'ApprovalGranted')).toEqual({
      status: 'granted',
      request,
      votes: [vote],
      escalations: [],
      reminded: 0,
      breakers: [],
    });
    const escalation = entryOf('ApprovalEscalated').data;
    expect(fold('ApprovalRequested', 'ApprovalEscalated')).toMatchObject({ escalations: [escalation] });
    const { number } = entryOf('ApprovalReminded').data;
    expect(fold('ApprovalRequested', 'ApprovalReminded')).toMatchObject({ reminded: number });
    expect(fold('ApprovalRequested', 'ApprovalDenied')).toMatchObject({
      status: 'denied',
      reason: entryOf('ApprovalDenied').data['reason'],
    });
    expect(fold('ApprovalRequested', 'ApprovalExpired')).toMatchObject({ status: 'expired' });
    expect(fold('ApprovalRequested', 'ApprovalWithdrawn')).toMatchObject({ status: 'withdrawn' });
    const granted = evolveApproval(
      fold('ApprovalRequested'),
      // Recorded before approvals could cover more than one call.
      { ...asEvent<ApprovalGranted>(entryOf('ApprovalGranted')), data: { digest: 'sha256:', until: 'then' } },
    );
    const { use } = entryOf('GrantUsed').data;
    const folded = [entryOf('GrantUsed'), entryOf('GrantRevoked')]
      .map((entry) => asEvent<ApprovalEvent>(entry))
      .reduce(evolveApproval, granted);
    const revoked = entryOf('GrantRevoked').data;
    expect(folded).toMatchObject({ status: 'granted', grant: { until: 'then', used: use, revoked } });
  });

  it('of catalogs are folded with all they say', () => {
    const fold = (type: CatalogEvent['type']) => {
      const event = asEvent<CatalogEvent>(entryOf(type));
      const record = evolveCatalog(EMPTY_CATALOG, [{ event, definition: { name: 'x' } }]).entries.get(
        entryKey(event.data),
      );
      return { event, record };
    };
    const { event: pinned, record: pin } = fold('CatalogEntryPinned');
    expect(pin?.pin?.digest).toBe(pinned.data.digest);
    expect(pin?.intact).toBe(true);
    const { event: held, record: hold } = fold('CatalogEntryHeld');
    expect([...(hold?.held.keys() ?? [])]).toEqual([held.data.digest]);
    expect(fold('CatalogEntryRemoved').record?.intact).toBe(false);
  });

  it('of calls are in the read model with all that it shows', () => {
    const changes = PROJECTED_TYPES.map((type) => projectCall(asEvent<CallEvent>(entryOf(type))));
    const { caller, agent, server, tool } = entryOf('CallRequested').data as JsonObject & {
      readonly caller: JsonObject;
      readonly agent: JsonObject;
    };
    expect(changes[0]?.insert).toEqual({
      principal: caller['principal'],
      client: caller['client'],
      agent: agent['name'],
      method: 'tools/call',
      server,
      tool,
    });
    const { decision, policyDigest } = entryOf('CallDecided').data as JsonObject & {
      readonly decision: JsonObject;
    };
    const { effect, kind, rules } = decision;
    expect(changes[1]).toEqual({ decision: effect, kind, rules, policyDigest });
    expect(changes.map(({ outcome }) => outcome)).not.toContain('unknown_version');
  });
});
