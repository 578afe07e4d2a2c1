import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Inject, Post, StreamableFile } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { CountersignError } from '#core/errors.js';
import { zipOf } from '#evidence/zip-write.js';
import { CONFIG } from '#http/platform.module.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { ledgerSources } from '../evidence/ledger-sources.js';
import { tlogPolicyText } from '../evidence/tlog-policy-text.js';
import { verifierFiles } from '../evidence/verifiers.js';
import { PackWriter } from '../evidence/write-pack.js';
import { Ledger } from '../ledger.js';
import { LedgerLog } from '../log/ledger-log.js';
import { EvidenceBody, queryOf } from './evidence.queries.js';
import { Reading } from './reading.js';

/** Made at once: a pack reads a part of the log twice, and calls come first. */
export const PACKS_MAX = 2;
const PACKAGE = new URL('../../../../package.json', import.meta.url);

/** Evidence packs for examiners. The export, and what is opened in it, is on record before anything is given out (G6). */
@Controller('ledger')
export class EvidenceHttp {
  private under_way = 0;

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(LedgerLog) private readonly log: LedgerLog,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Reading) private readonly reading: Reading,
  ) {}

  @Post('evidence')
  @HttpCode(200)
  async evidence(@WhoCalls() caller: RestCaller, @Body() body: EvidenceBody) {
    const position = await this.reading.record(caller, ['examiner'], 'evidence', { ...body });
    if (this.under_way >= PACKS_MAX) throw new CountersignError('busy', `${PACKS_MAX} packs are being made`);
    this.under_way += 1;
    let isStreaming = false;
    try {
      const writer = await this.prepare(body, position);
      const stream = Readable.from(zipOf(writer.all()), { objectMode: false });
      // However it ends, also when the client is gone before the first byte.
      stream.once('close', () => this.end());
      isStreaming = true;
      return new StreamableFile(stream, {
        type: 'application/zip',
        disposition: 'attachment; filename="evidence.zip"',
      });
    } finally {
      if (!isStreaming) this.end();
    }
  }

  private async prepare(body: EvidenceBody, position: bigint): Promise<PackWriter> {
    const { log, signer, vkey } = this.log.state;
    const policy = await tlogPolicyText(this.config.log, vkey);
    const sources = await ledgerSources(
      { store: this.ledger.store, bus: this.bus, log, signer, policy },
      position,
    );
    const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string };
    const facts = { product: version, exported_at: new Date().toISOString() };
    return PackWriter.prepare(sources, queryOf(body), body.disclose ?? [], facts, await verifierFiles());
  }

  private end(): void {
    this.under_way -= 1;
  }
}
