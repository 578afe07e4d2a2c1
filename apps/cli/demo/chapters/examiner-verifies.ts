import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { verdictText } from '#evidence/verdict-text.js';
import { verifyFile } from '#evidence/verifier.js';
import type { Story } from '../story.js';

/** A person who is on record as the one who asked. */
const RECORDED = '"principal":"risk-analyst"';
const FORGED = '"principal":"risk-analyzt"';

/** The whole history as an evidence pack: it verifies offline, and does not after one letter of it was changed. */
export const examinerVerifies = async ({ ledgerAs, tell, exhibit, check }: Story): Promise<void> => {
  const examiner = await ledgerAs('examiner');
  const { vkey } = await examiner.get<{ readonly vkey: string }>('/ledger/log');
  const folder = await mkdtemp(join(tmpdir(), 'countersign-evidence-'));
  try {
    tell('The examiner takes the whole history away as an evidence pack, and checks it without the gateway:');
    const file = join(folder, 'pack.zip');
    await pipeline(await examiner.download('/ledger/evidence', {}), createWriteStream(file));
    const verdict = verifyFile({ file, key: vkey });
    exhibit(verdictText(verdict));
    check('the pack verifies under the key of the log', verdict.ok && verdict.findings.length === 0, verdict);
    tell('Somebody changes one letter of one entry in it, the name of who asked:');
    const forged = join(folder, 'forged.zip');
    const pack = await readFile(file, 'latin1');
    await writeFile(forged, pack.replace(RECORDED, FORGED), 'latin1');
    const found = verifyFile({ file: forged, key: vkey });
    exhibit(verdictText(found));
    check('the change is found', pack.includes(RECORDED) && !found.ok, found);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
