import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { BUS, type Bus } from '#bus/bus.js';
import { CountersignError } from '#core/errors.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { exportCalls } from '../export/export-calls.js';
import { Ledger } from '../ledger.js';
import type { CallFilter, CallPage, CallSearch } from '../projection/call-filter.js';
import { Projection } from '../projection/projection.js';
import { ValueIndex, type ValueQuery } from '../projection/value-index.js';
import { readTranscript } from '../transcript.js';
import { type Reader, Reading } from './reading.js';
import { ExportBody, SearchBody, SessionsQuery, searchOfQuery } from './search.queries.js';

const RECORDS: readonly Reader[] = ['examiner', 'auditor'];
/** To search for a value is to ask what stands in arguments and results. */
const CONTENTS: readonly Reader[] = ['examiner'];
const MEDIA = { jsonl: 'application/jsonl; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const;

interface ValueSought {
  readonly value?: string | undefined;
  readonly field?: string | undefined;
}

/** Finds calls: by what is on record of them, and by a value that stands in their arguments or results. */
@Controller('ledger')
export class SearchHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Projection) private readonly projection: Projection,
    @Inject(ValueIndex) private readonly index: ValueIndex,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Reading) private readonly reading: Reading,
  ) {}

  @Get('calls')
  async calls(@WhoCalls() caller: RestCaller, @Query() query: Record<string, unknown>) {
    return this.found(caller, 'calls', await searchOfQuery(query));
  }

  @Post('search')
  @HttpCode(200)
  async search(@WhoCalls() caller: RestCaller, @Body() body: SearchBody) {
    return this.found(caller, 'search', body);
  }

  @Get('sessions')
  async sessions(@WhoCalls() caller: RestCaller, @Query() query: SessionsQuery) {
    await this.reading.record(caller, RECORDS, 'sessions', { ...query });
    const { cursor, limit, ...filter } = query;
    const before = cursor === undefined ? undefined : Number(cursor);
    const { items, next } = await this.projection.sessions(inUtc(filter), limit, before);
    return { items, next: next === null ? null : String(next) };
  }

  /** Streams as fast as the reader takes it; a stream without its last line is not whole. */
  @Post('export')
  async export(@WhoCalls() caller: RestCaller, @Body() body: ExportBody, @Res() reply: FastifyReply) {
    const { filters, value, field, format, include, cursor } = body;
    if (include === 'transcripts' && format === 'csv')
      throw new CountersignError('body_invalid', 'transcripts are exported as jsonl only');
    const about = { ...filters, format, include, cursor };
    const readers = include === 'transcripts' ? CONTENTS : RECORDS;
    const sought = await this.recordSearch(caller, 'export', { about, readers, sought: { value, field } });
    await this.projection.caughtUp();
    const search: CallSearch = {
      filter: inUtc(filters),
      tokens: sought?.tokens,
      order: 'oldest',
      after: cursor === undefined ? undefined : Number(cursor),
      upTo: (await this.projection.progress()).calls,
      limit: 500,
    };
    const lines = exportCalls({
      format,
      search,
      list: (page) => this.list(page, sought),
      ...(include === 'transcripts' && {
        transcript: (id: string) => readTranscript(this.ledger.store, this.bus, id),
      }),
    });
    return reply
      .status(200)
      .header('content-type', MEDIA[format])
      .header('content-disposition', `attachment; filename="calls.${format}"`)
      .send(Readable.from(lines, { objectMode: false }));
  }

  private async found(caller: RestCaller, what: string, body: SearchBody) {
    const { filters, value, field, order, cursor, limit } = body;
    const about = { ...filters, order: what === 'search' ? order : undefined, cursor, limit };
    const sought = await this.recordSearch(caller, what, {
      about,
      readers: RECORDS,
      sought: { value, field },
    });
    const after = cursor === undefined ? undefined : Number(cursor);
    const search: CallSearch = { filter: inUtc(filters), tokens: sought?.tokens, order, after, limit };
    const { items, next } = await this.list(search, sought);
    const page = { items, next: next === null ? null : String(next) };
    return sought === undefined ? page : { ...page, values: await this.completeness(search) };
  }

  /**
   * Records what is asked for, a value by its tokens alone. Undefined: no value is sought.
   */
  private async recordSearch(
    caller: RestCaller,
    what: string,
    asked: { about: Record<string, unknown>; readers: readonly Reader[]; sought: ValueSought },
  ): Promise<ValueQuery | undefined> {
    const { about, readers, sought } = asked;
    const { value, field } = sought;
    if (value === undefined) {
      if (field !== undefined) throw new CountersignError('body_invalid', 'a field without a value');
      await this.reading.record(caller, readers, what, about);
      return undefined;
    }
    // Who may not search by value is not told its tokens either, so the refusal says only that a value was sought.
    if (!this.reading.is(caller, 'examiner'))
      await this.reading.record(caller, CONTENTS, what, { ...about, field, value: 'withheld' });
    const { key, tokens } = await this.index.query(value, field);
    const hex = tokens.map((token) => Buffer.from(token).toString('hex'));
    await this.reading.record(caller, CONTENTS, what, { ...about, field, key, tokens: hex });
    if (tokens.length === 0)
      throw new CountersignError('body_invalid', 'the value is empty or too long to search for');
    return { key, tokens };
  }

  private list(search: CallSearch, sought: ValueQuery | undefined): Promise<CallPage> {
    return sought === undefined ? this.projection.list(search) : this.index.list(search, sought.key);
  }

  /** What a search for a value cannot promise to have looked at. */
  private async completeness(search: CallSearch) {
    const { index } = await this.projection.progress();
    return { tooLarge: await this.projection.countTruncated(search), unreadable: index.unreadable };
  }
}

/** Recorded times are RFC 3339 in UTC with milliseconds and are compared as text. */
const inUtc = <Filter extends CallFilter>(filter: Filter): Filter => ({
  ...filter,
  ...(filter.from !== undefined && { from: new Date(filter.from).toISOString() }),
  ...(filter.to !== undefined && { to: new Date(filter.to).toISOString() }),
});
