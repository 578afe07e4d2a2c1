import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/evidence/canonical-json.js';
import type { ReplaySummary } from '../../apps/ledger/replay/report.js';
import { type History, readHistory } from './history-file.js';
import {
  changeEntry,
  flipByte,
  type Mutation,
  recallPolicy,
  removePayload,
  resealWith,
} from './mutate-history.js';
import { historyFile, replayInMemory } from './replay-history.js';

let histories: { readonly [name: string]: History };
beforeAll(async () => {
  const names = ['both-eras', 'demo', 'messages'];
  histories = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readHistory(historyFile(name))] as const)),
  );
});

const replayMutated = async (name: string, mutation: Mutation): Promise<ReplaySummary> => {
  const history = histories[name] as History;
  const events = await mutation(history);
  expect(events).not.toEqual(history.events);
  return replayInMemory({ key: history.key, events });
};

const OTHER_DIGEST = `sha256:${'0'.repeat(64)}`;
const decision = (change: JsonObject) =>
  changeEntry('CallDecided', ({ data }) => ({
    data: { ...data, decision: { ...(data['decision'] as JsonObject), ...change } },
  }));
const data = (type: string, change: JsonObject) =>
  changeEntry(type, (entry) => ({ data: { ...entry.data, ...change } }));
const payload = (type: string, change: JsonObject) =>
  changeEntry(type, (entry) => ({ payload: { ...entry.payload, ...change } }));

describe('a record that was changed', () => {
  it.each<readonly [string, string, Mutation]>([
    ['the effect', 'demo', decision({ effect: 'deny' })],
    ['the operation', 'demo', decision({ operation: 'other' })],
    ['the kind', 'demo', decision({ kind: 'write' })],
    ['the rules', 'demo', decision({ rules: ['XX-1'] })],
    ['the roles', 'demo', decision({ roles: [] })],
    ['the approval', 'demo', decision({ approval: { expires_s: 1, requirements: [] } })],
    ['a member more', 'demo', decision({ more: 1 })],
    ['the groups', 'demo', data('CallDecided', { groups: [] })],
    ['the profile', 'demo', data('CallDecided', { profileDigest: OTHER_DIGEST })],
    ['the policy', 'demo', data('CallDecided', { policyDigest: OTHER_DIGEST })],
    ['the decision as a whole', 'demo', data('CallDecided', { decision: null })],
    ['the server of the request', 'demo', data('CallRequested', { server: 'other' })],
    ['the tool of the request', 'demo', data('CallRequested', { tool: 'update_customer' })],
    ['the method of the request', 'demo', data('CallRequested', { method: 'prompts/get' })],
    ['the commitment to the params', 'demo', payload('CallRequested', { commit: OTHER_DIGEST })],
    ['the key of the params', 'demo', payload('CallRequested', { kid: 'other' })],
    ['a byte of the sealed params', 'demo', flipByte('CallRequested')],
    [
      'the params, sealed anew',
      'both-eras',
      resealWith('CallRequested', (text) => text.replace('test://watched-', 'test://denied-')),
    ],
    ['a byte of the policy', 'demo', flipByte('PolicyRecorded')],
    ['the digest that the policy says it has', 'demo', data('PolicyRecorded', { digest: OTHER_DIGEST })],
    ['the decision on a question', 'both-eras', data('InputRequested', { profileDigest: OTHER_DIGEST })],
    ['the method of a question', 'both-eras', data('InputRequested', { method: 'roots/list' })],
    ['a byte of a question', 'both-eras', flipByte('InputRequested')],
    ['what was masked, by kind', 'demo', data('ResultMasked', { counts: {} })],
    ['whether it was blocked', 'demo', data('ResultMasked', { blocked: true })],
    ['the surface', 'demo', data('ResultMasked', { surface: 'error' })],
    ['the profile of the masking', 'demo', data('ResultMasked', { profileDigest: null })],
    ['the commitment to the masked bytes', 'demo', payload('ResultMasked', { commit: OTHER_DIGEST })],
    ['a byte of the sealed masked bytes', 'demo', flipByte('ResultMasked')],
    [
      'one masked byte, sealed anew',
      'demo',
      resealWith('ResultMasked', (text) => text.replace('[EMAIL]', '[EMAIK]')),
    ],
    [
      'one finding, sealed anew',
      'demo',
      resealWith('ResultMasked', (text) => text.replace('"count":1', '"count":2')),
    ],
    ['a byte of the sealed original', 'demo', flipByte('CallReturned')],
    ['the original, sealed anew', 'demo', resealWith('CallReturned', (text) => text.replace('C-', 'D-'))],
    ['the original as something unreadable', 'demo', resealWith('CallReturned', () => 'no JSON')],
    ['what kind of answer it was', 'demo', data('CallReturned', { kind: 'error' })],
    ['what was masked of a message', 'messages', data('MessageReleased', { counts: { PAN: 7 } })],
    ['whether a message was blocked', 'messages', data('MessageReleased', { blocked: true })],
    ['the profile of a message', 'messages', data('MessageReleased', { profileDigest: OTHER_DIGEST })],
    ['a byte of a message', 'messages', flipByte('MessageReleased')],
  ])('is found: %s', async (_what, name, mutation) => {
    const { checked, counts, different } = await replayMutated(name, mutation);
    expect(counts.different).toBeGreaterThan(0);
    expect(different.length).toBe(counts.different);
    expect(counts).toMatchObject({ unknown_engine: 0, payload_erased: 0 });
    expect(counts.identical).toBe(checked - counts.different);
  });
});

describe('what this version does not know', () => {
  it.each<readonly [string, string, Mutation]>([
    ['policy-9', 'demo', decision({ engine: 'policy-9' })],
    ['policy semantics 2', 'demo', recallPolicy((bundle) => ({ ...bundle, semantics: 2 }))],
    ['CallDecided v 9', 'demo', changeEntry('CallDecided', () => ({ v: 9 }))],
    ['CallRequested v 9', 'demo', changeEntry('CallRequested', () => ({ v: 9 }))],
    ['CallReturned v 9', 'demo', changeEntry('CallReturned', () => ({ v: 9 }))],
    ['PolicyRecorded v 9', 'demo', changeEntry('PolicyRecorded', () => ({ v: 9 }))],
    ['masking-9', 'demo', data('ResultMasked', { engine: 'masking-9' })],
    ['masking-9', 'messages', data('MessageReleased', { engine: 'masking-9' })],
  ])('is told, never guessed: %s (%s)', async (engine, name, mutation) => {
    const { checked, counts, unknown_engine } = await replayMutated(name, mutation);
    expect(unknown_engine).toEqual([
      { reason: engine, count: counts.unknown_engine, calls: expect.anything() as unknown },
    ]);
    expect(counts.unknown_engine).toBeGreaterThan(0);
    expect(counts).toMatchObject({ different: 0, identical: checked - counts.unknown_engine });
  });
});

describe('what can be opened no more', () => {
  it('is counted apart when the key is lost', async () => {
    const { events } = histories['demo'] as History;
    const { checked, counts, payload_erased } = await replayInMemory({ key: undefined, events });
    expect(counts).toEqual({ identical: 0, different: 0, unknown_engine: 0, payload_erased: checked });
    expect(payload_erased).toHaveLength(1);
  });

  it.each(['CallRequested', 'CallReturned', 'ResultMasked'])(
    'is counted apart when the payload of %s is gone',
    async (type) => {
      const { checked, counts } = await replayMutated('demo', removePayload(type));
      expect(counts.payload_erased).toBeGreaterThan(0);
      expect(counts).toMatchObject({ different: 0, identical: checked - counts.payload_erased });
    },
  );
});
