import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReplayedItem, ReplayItem } from '#contracts/masking.js';
import { CountersignError } from '#core/errors.js';
import { countsByKind, maskedPayload } from '#core/masking/masked-payload.js';
import { maskingEngine } from '#core/masking/masking-engines.js';
import { KeyNotHeld, type Opener } from '#sealing/opener.js';
import { NO_MASKING } from './no-masking.js';

/** Calls under way are masked in this process too: a replay gives way after this long. */
const TURN_MS_MAX = 4;

/** Runs recorded maskings again, one after the other. Never throws for what is recorded, however broken it is. */
export const replayItems = async (opener: Opener, items: readonly ReplayItem[]): Promise<ReplayedItem[]> => {
  const replayed: ReplayedItem[] = [];
  let began = performance.now();
  for (const item of items) {
    replayed.push(await replayItem(opener, item));
    if (performance.now() - began < TURN_MS_MAX) continue;
    await nextTurn();
    began = performance.now();
  }
  return replayed;
};

const replayItem = async (opener: Opener, item: ReplayItem): Promise<ReplayedItem> => {
  if (item.do === 'open') {
    const bytes = await open(opener, item.payload);
    return bytes instanceof Uint8Array ? { verdict: 'opened', bytes } : bytes;
  }
  const mask = maskingEngine(item.engine);
  if (mask === undefined) return { verdict: 'unknown_engine' };
  const original = await open(opener, item.original);
  if (!(original instanceof Uint8Array)) return original;
  const recorded = item.masked === null ? undefined : await open(opener, item.masked);
  if (recorded !== undefined && !(recorded instanceof Uint8Array)) return recorded;
  try {
    const { masked, findings, blocked } = mask(original, item.surface, item.profile ?? NO_MASKING);
    const identical = recorded === undefined || Buffer.from(maskedPayload(findings, masked)).equals(recorded);
    return { verdict: 'masked', identical, blocked, counts: countsByKind(findings) };
  } catch (error) {
    if (error instanceof CountersignError) return { verdict: 'broken', why: error.message };
    throw error;
  }
};

const open = async (
  opener: Opener,
  { sealed, commit }: { readonly sealed: Uint8Array; readonly commit: `sha256:${string}` },
): Promise<Uint8Array | ReplayedItem> => {
  try {
    return await opener.open(sealed, commit);
  } catch (error) {
    return error instanceof KeyNotHeld
      ? { verdict: 'erased', kid: error.kid }
      : { verdict: 'broken', why: 'the sealed bytes are not what the entry commits to' };
  }
};
