/**
 * Protocol revisions, newest first. All of these begin with `initialize`. 2026-07-28 carries its revision in every
 * request instead; its door opens beside this one, chosen per request, and shares the frames.
 */
export const DOWNSTREAM_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;
export const UPSTREAM_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** The era in which each request stands alone. */
export const MODERN_REVISION = '2026-07-28';

export type DownstreamRevision = (typeof DOWNSTREAM_REVISIONS)[number];
export type UpstreamRevision = (typeof UPSTREAM_REVISIONS)[number];

export const isDownstreamRevision = (value: unknown): value is DownstreamRevision =>
  (DOWNSTREAM_REVISIONS as readonly unknown[]).includes(value);

export const isUpstreamRevision = (value: unknown): value is UpstreamRevision =>
  (UPSTREAM_REVISIONS as readonly unknown[]).includes(value);

/** MCP basic/lifecycle, version negotiation: the requested revision if we speak it, else our newest. */
export const negotiateRevision = (requested: unknown): DownstreamRevision =>
  isDownstreamRevision(requested) ? requested : DOWNSTREAM_REVISIONS[0];
