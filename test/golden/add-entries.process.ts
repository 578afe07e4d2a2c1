import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EVENT_SCHEMAS, schemaName } from '#contracts/events/event-schemas.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { GOLDEN, SUMS, sumLine } from './golden-entries.js';

/**
 * Takes the golden entries that are missing out of real event stores: node dist/test/golden/add-entries.process.js
 * DATA_DIR/events.db... Of several it takes one that says most. What is golden already is never written again.
 */
const missing = new Set(EVENT_SCHEMAS.map(schemaName).filter((name) => !existsSync(join(GOLDEN, `${name}.json`))));
const best = new Map<string, { readonly bytes: Uint8Array; readonly members: number }>();

for (const file of process.argv.slice(2)) {
  const database = new DatabaseSync(file, { readOnly: true });
  for (const row of database.prepare('SELECT entry FROM events ORDER BY position').iterate()) {
    const bytes = row['entry'] as Uint8Array;
    const entry = readEntry(bytes);
    const members = Object.keys(entry).length + Object.keys(entry.data).length;
    const name = schemaName(entry);
    if (missing.has(name) && members > (best.get(name)?.members ?? 0)) best.set(name, { bytes, members });
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
  writeFileSync(join(GOLDEN, `${name}.json`), found.bytes);
  appendFileSync(SUMS, `${sumLine(name, found.bytes)}\n`);
  console.log(`took ${name}`);
}
