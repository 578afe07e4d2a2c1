import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { Ledger } from '../ledger.js';
import { readTranscript } from '../transcript.js';
import { EventsQuery } from './ledger.queries.js';
import { Reading } from './reading.js';

/** Single records: transcripts of calls, and entries as they are stored. */
@Controller('ledger')
export class LedgerHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Reading) private readonly reading: Reading,
  ) {}

  @Get('calls/:id')
  async call(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    const contents = this.reading.is(caller, 'examiner') ? 'shown' : 'withheld';
    await this.reading.record(caller, ['examiner', 'auditor'], 'transcript', { call: id, contents });
    return readTranscript(this.ledger.store, this.bus, id, contents);
  }

  @Get('events')
  async events(@WhoCalls() caller: RestCaller, @Query() { after, limit }: EventsQuery) {
    const query = { after: after ?? null, limit };
    const own = await this.reading.record(caller, ['examiner', 'auditor'], 'events', query);
    const page = await this.ledger.store.readAll({
      limit,
      ...(after === undefined ? {} : { after: BigInt(after) }),
    });
    const items = page.events.map((event) => ({
      position: event.position.toString(),
      entry: readEntry(event.entry),
    }));
    // This read's own record is the end: what comes behind it are records of reading on.
    const isLast = page.scannedTo === undefined || page.scannedTo >= own;
    return { items, next: isLast ? null : (page.scannedTo?.toString() ?? null) };
  }
}
