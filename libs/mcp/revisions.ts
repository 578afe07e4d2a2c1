/** Revisions of clients that begin with `initialize`, newest first. */
export const LEGACY_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;
/** The era in which each request stands alone: a client carries its revision in every request (MCP 2026-07-28 basic/versioning). */
export const MODERN_REVISION = '2026-07-28';
export const MODERN_REVISIONS = [MODERN_REVISION] as const;
/** What clients are told, newest first. */
export const SERVED_REVISIONS: readonly string[] = [...MODERN_REVISIONS, ...LEGACY_REVISIONS];
export const UPSTREAM_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

export type LegacyRevision = (typeof LEGACY_REVISIONS)[number];
export type ModernRevision = (typeof MODERN_REVISIONS)[number];
export type UpstreamRevision = (typeof UPSTREAM_REVISIONS)[number];

export const isLegacyRevision = (value: unknown): value is LegacyRevision =>
  (LEGACY_REVISIONS as readonly unknown[]).includes(value);

export const isModernRevision = (value: unknown): value is ModernRevision =>
  (MODERN_REVISIONS as readonly unknown[]).includes(value);

export const isUpstreamRevision = (value: unknown): value is UpstreamRevision =>
  (UPSTREAM_REVISIONS as readonly unknown[]).includes(value);

/** MCP basic/lifecycle, version negotiation: the requested revision if we speak it, else our newest. */
export const negotiateRevision = (requested: unknown): LegacyRevision =>
  isLegacyRevision(requested) ? requested : LEGACY_REVISIONS[0];
