import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Json } from '#core/evidence/canonical-json.js';
import { readEntry } from '#core/evidence/read-entry.js';
import { type RestCaller, requireRole, WhoCalls } from '#http/rest-caller.js';
import { Ledger } from '../ledger.js';
import { Projection } from '../projection/projection.js';
import { recordRead } from '../record-read.js';
import { readTranscript } from '../transcript.js';
import { CallsQuery, EventsQuery } from './ledger.queries.js';

export const EXAMINER_ROLES = Symbol('EXAMINER_ROLES');

/** What examiners read. Every read is itself recorded before anything is shown (promise G6). */
@Controller('ledger')
export class LedgerHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Projection) private readonly projection: Projection,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(EXAMINER_ROLES) private readonly examiners: readonly string[],
  ) {}

  @Get('calls')
  async calls(@WhoCalls() caller: RestCaller, @Query() query: CallsQuery) {
    await this.recordRead(caller, 'calls', { ...query });
    const { cursor, limit, ...filter } = query;
    const { items, last } = await this.projection.list({
      ...filter,
      limit,
      ...(cursor === undefined ? {} : { before: Number(cursor) }),
    });
    return { items, next: last === null ? null : String(last) };
  }

  @Get('calls/:id')
  async call(@WhoCalls() caller: RestCaller, @Param('id') id: string) {
    await this.recordRead(caller, 'transcript', { call: id });
    return readTranscript(this.ledger.store, this.bus, id);
  }

  @Get('events')
  async events(@WhoCalls() caller: RestCaller, @Query() { after, limit }: EventsQuery) {
    const own = await this.recordRead(caller, 'events', { after: after ?? null, limit });
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

  private async recordRead(
    caller: RestCaller,
    what: string,
    query: { [name: string]: unknown },
  ): Promise<bigint> {
    const allowed = caller.roles.some((role) => this.examiners.includes(role));
    const position = await recordRead(this.ledger, caller, {
      what,
      query: query as { [name: string]: Json },
      allowed,
    });
    requireRole(caller, this.examiners);
    return position;
  }
}
