import { describe, expect, it } from 'vitest';
import { isLegacyRevision, isUpstreamRevision, negotiateRevision } from './revisions.js';

describe('revisions', () => {
  it('are negotiated to the one asked for when we speak it, else to our newest', () => {
    expect(negotiateRevision('2025-06-18')).toBe('2025-06-18');
    expect(negotiateRevision('2025-03-26')).toBe('2025-03-26');
    for (const other of ['2024-11-05', '2026-07-28', '', 7, undefined])
      expect(negotiateRevision(other)).toBe('2025-11-25');
  });

  it('reach further back for upstreams than for clients', () => {
    expect([isUpstreamRevision('2024-11-05'), isLegacyRevision('2024-11-05')]).toEqual([true, false]);
  });
});
