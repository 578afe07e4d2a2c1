import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EVENT_SCHEMAS, schemaName } from '#contracts/events/event-schemas.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { GOLDEN, SUMS, sumLine } from './golden-entries.js';

/**
 * Takes the golden entries that are missing out of real event stores: node dist/test/golden/add-entries.process.js
 * DATA_DIR/events.db... Of several it takes the longest, which says most. What is golden already is never written again.
 */
const missing = new Set(
  EVENT_SCHEMAS.map(schemaName).filter((name) => !existsSync(join(GOLDEN, `${name}.json`))),
);
const best = new Map<string, Uint8Array>();

for (const file of process.argv.slice(2)) {
  const database = new DatabaseSync(file, { readOnly: true });
  for (const row of database.prepare('SELECT entry FROM events ORDER BY position').iterate()) {
    const bytes = row['entry'] as Uint8Array;
    const name = schemaName(readEntry(bytes));
    if (missing.has(name) && bytes.length > (best.get(name)?.length ?? 0)) best.set(name, bytes);
  }
  database.close();
}

for (const name of [...missing].sort()) {
  const found = best.get(name);
  if (found === undefined) {
    console.error(`no entry of ${name} in these stores`);
    process.exitCode = 1;
    continue;
  }
  writeFileSync(join(GOLDEN, `${name}.json`), found);
  appendFileSync(SUMS, `${sumLine(name, found)}\n`);
  console.log(`took ${name}`);
}
