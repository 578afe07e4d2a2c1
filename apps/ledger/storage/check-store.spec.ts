import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '#core/evidence/canonical-json.js';
import { type History, openHistory } from '../history.fixture.js';
import { eventsFile } from '../open-event-store.js';
import { checkStore } from './check-store.js';

const SEALED: Json = { customer_id: 'C-1001' };
const POLICY = `
policy: 1
name: small
default: deny
roles:
  clerk: { groups: [CLERKS] }
operations:
  use: { kind: read, tools: [s/get] }
rules:
  - { id: U, says: Clerks use it., roles: [clerk], allow: [use] }
tests:
  - { as: clerk, call: s/get, expect: allow U }
`;
let history: History;

beforeEach(async () => {
  history = await openHistory();
  for (const call of ['a', 'b', 'c']) {
    await history.record(
      `call-${call}`,
      -1,
      { type: 'CallRequested', sealed: SEALED },
      { type: 'CallDecided' },
    );
  }
  await history.recordPolicy(POLICY);
  await history.record('call-a', 1, { type: 'CallDenied' });
});
afterEach(() => history.close());

/** What a person with a SQL shell does: without the triggers everything can be changed. */
const tamper = (sql: string, triggers_back = true): void => {
  const db = new DatabaseSync(eventsFile(history.folder), { defensive: false });
  const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  db.exec(sql);
  if (triggers_back) for (const trigger of triggers) db.exec(String(trigger['sql']));
  db.close();
};
const found = () => checkStore(history.folder).problem;

describe('the check of a store', () => {
  it('finds nothing in a store as the ledger leaves it, while the ledger has it open', () => {
    const seen: number[] = [];
    const check = checkStore(history.folder, ({ events }) => seen.push(events));
    expect(check).toEqual({ events: 8, lastPosition: 8 });
    expect(seen.at(-1)).toBe(8);
  });

  it.each<[string, string, number | undefined, RegExp]>([
    [
      'an entry that was changed',
      "UPDATE events SET entry = CAST(replace(CAST(entry AS TEXT), 'call-b', 'call-x') AS BLOB) WHERE position = 4",
      4,
      /entry says call-x/,
    ],
    [
      'a bit of an entry',
      'UPDATE events SET entry = CAST(replace(CAST(entry AS TEXT), \'"v":1\', \'"v": 1\') AS BLOB) WHERE position = 4',
      4,
      /RFC 8785/,
    ],
    [
      'another type',
      "UPDATE events SET type = 'CallDenied' WHERE position = 2",
      2,
      /type CallDenied, its entry says CallDecided/,
    ],
    [
      'an event under another stream',
      "UPDATE events SET stream = 'call-z' WHERE position = 3",
      3,
      /stream call-z/,
    ],
    ['a deleted event', 'DELETE FROM events WHERE position = 3', 4, /positions 3 to 4/],
    [
      'a deleted event whose gap was closed',
      'DELETE FROM events WHERE position = 3; UPDATE events SET position = position - 1 WHERE position > 3',
      3,
      /revision 0 is missing/,
    ],
    [
      'two events in another order',
      'UPDATE events SET position = 100 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4; ' +
        'UPDATE events SET position = 4 WHERE position = 100',
      3,
      /comes after/,
    ],
    ['a payload that is gone', 'UPDATE events SET attachment = NULL WHERE position = 5', 5, /are missing/],
    [
      'a payload that is cut',
      'UPDATE events SET attachment = substr(attachment, 1, 300) WHERE position = 5',
      5,
      /sealed/,
    ],
    [
      'a payload where none belongs',
      "UPDATE events SET attachment = x'00' WHERE position = 2",
      2,
      /does not know/,
    ],
    [
      'a plain payload that was changed',
      "UPDATE events SET attachment = CAST(replace(CAST(attachment AS TEXT), '{', '[') AS BLOB) WHERE position = 7",
      7,
      /not those its entry commits to/,
    ],
    ['a table of somebody else', 'CREATE TABLE notes (text TEXT)', undefined, /table notes is not ours/],
  ])('names the first bad position: %s', (_, sql, position, detail) => {
    tamper(sql);
    expect(found()).toMatchObject({ detail: expect.stringMatching(detail) });
    expect(found()?.position).toBe(position);
  });

  it('finds that the triggers which forbid changes are gone', () => {
    tamper('', false);
    expect(found()?.detail).toMatch(/trigger events_append_only_\w+ is missing/);
  });

  it('does not take a missing store for an empty one', () => {
    expect(() => checkStore(`${history.folder}/nowhere`)).toThrow(/there is no event store here/);
  });
});
