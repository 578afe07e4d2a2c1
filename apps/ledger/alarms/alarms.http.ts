import { Controller, Get, Inject, Query } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { AlarmRaised } from '#core/alarm/alarm.events.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { Reading } from '../http/reading.js';
import { Ledger } from '../ledger.js';

export class AlarmsQuery {
  @IsOptional() @Matches(/^\d{1,20}$/) after?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(1_000) limit: number = 100;
}

/** Alarms for who can do something about them: operators, examiners and auditors. An alarm holds no record of a call. */
@Controller('ledger/alarms')
export class AlarmsHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Reading) private readonly reading: Reading,
  ) {}

  /** Oldest first; `next` goes on from there, also for alarms that are raised later. */
  @Get()
  async list(@WhoCalls() caller: RestCaller, @Query() { after, limit }: AlarmsQuery) {
    const query = { after: after ?? null, limit };
    await this.reading.record(caller, ['operator', 'examiner', 'auditor'], 'alarms', query);
    const page = await this.ledger.store.readAll({
      limit,
      types: ['AlarmRaised'],
      ...(after === undefined ? {} : { after: BigInt(after) }),
    });
    const items = page.events.map((event) => {
      const entry = readEntry(event.entry);
      const { kind, detail, about } = asEvent<AlarmRaised>(entry).data;
      return { time: entry.time, position: event.position.toString(), kind, detail, about };
    });
    return { items, next: page.scannedTo?.toString() ?? null };
  }
}
