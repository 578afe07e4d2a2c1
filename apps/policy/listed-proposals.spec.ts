import { describe, expect, it } from 'vitest';
import type { Entry } from '#core/evidence/entry.js';
import type { Digest } from '#core/hash.js';
import type { ProposalEvent } from '#core/policy/proposal/proposal.events.js';
import { LISTED_MAX, ListedProposals } from './listed-proposals.js';

const DIGEST: Digest = `sha256:${'a'.repeat(64)}`;
const entry = (id: string, revision: number, { type, v, data }: Pick<ProposalEvent, 'type' | 'v' | 'data'>) =>
  ({
    type,
    v,
    data,
    revision,
    stream: `proposal-${id}`,
    time: '2026-11-28T12:00:00.000Z',
  }) as unknown as Entry;
const proposed = (id: string): Entry =>
  entry(id, 0, {
    type: 'PolicyProposed',
    v: 1,
    data: {
      proposal: id,
      digest: DIGEST,
      policyDigest: DIGEST,
      name: 'n',
      replaces: DIGEST,
      proposer: { principal: 'p', issuer: 'i', subject: 's', client: 'c' },
      reason: 'r',
      requirements: [],
      expiresAt: '2026-11-29T12:00:00.000Z',
    },
  });
const withdrawn = (id: string): Entry =>
  entry(id, 1, { type: 'PolicyProposalWithdrawn', v: 1, data: { reason: 'r' } });
const list = (...entries: readonly Entry[]): ListedProposals => {
  const listed = new ListedProposals();
  for (const each of entries) listed.take(each.stream, each);
  return listed;
};
const idsOf = (listed: ListedProposals) => listed.newestFirst().map(({ id }) => id);

describe('the list of proposals', () => {
  it('has the newest first, and takes each event once', () => {
    const listed = list(proposed('a'), proposed('b'), withdrawn('a'), proposed('a'));
    expect(idsOf(listed)).toEqual(['b', 'a']);
    expect(listed.newestFirst()[1]?.state.status).toBe('withdrawn');
  });

  it('keeps at most so many that have ended, and whatever is open', () => {
    const ended = Array.from({ length: LISTED_MAX + 5 }, (_, index) => `e${index}`);
    const listed = list(proposed('open'), ...ended.flatMap((id) => [proposed(id), withdrawn(id)]));
    expect(listed.newestFirst()).toHaveLength(LISTED_MAX);
    expect(idsOf(listed)).toContain('open');
    expect(idsOf(listed)).not.toContain('e0');
    expect(idsOf(listed)).toContain(`e${LISTED_MAX + 4}`);
  });

  it('takes nothing of another stream and nothing that this release cannot read', () => {
    const unknown = { ...proposed('x'), v: 99 } as Entry;
    const listed = list(unknown);
    listed.take('policy-active', proposed('y'));
    expect(idsOf(listed)).toEqual([]);
  });
});
