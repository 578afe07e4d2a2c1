import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readHistory } from './history-file.js';
import { HISTORIES, historyFile, replayHistory } from './replay-history.js';

const NAMES = readdirSync(HISTORIES).map((file) => file.replace('.ndjson', ''));
const RUN_AGAIN = ['CallDecided', 'InputRequested', 'MessageReleased', 'ResultMasked'];

describe('golden histories', () => {
  it('are there', () => {
    expect(NAMES).toEqual(expect.arrayContaining(['both-eras', 'demo', 'messages', 'refusals']));
  });

  it.each(NAMES)('%s replays without a difference', async (name) => {
    const history = await readHistory(historyFile(name));
    // A record that is no longer looked at would else look like a success.
    const checked = history.events.filter(({ type }) => RUN_AGAIN.includes(type)).length;
    expect(checked).toBeGreaterThan(10);
    expect(await replayHistory(history)).toEqual({
      checked,
      identical: checked,
      different: [],
      counts: { identical: checked, different: 0, unknown_engine: 0, payload_erased: 0 },
      unknown_engine: [],
      payload_erased: [],
      next: null,
    });
  });

  it('hold every kind of record that can be run again, and calls that ended in every way', async () => {
    const histories = await Promise.all(NAMES.map((name) => readHistory(historyFile(name))));
    const types = new Set(histories.flatMap(({ events }) => events.map(({ type }) => type)));
    for (const type of [...RUN_AGAIN, 'CallHeld']) expect(types).toContain(type);
    for (const type of ['CallCompleted', 'CallDenied', 'CallFailed', 'CallOutcomeUnknown', 'CallCancelled'])
      expect(types).toContain(type);
  });
});
