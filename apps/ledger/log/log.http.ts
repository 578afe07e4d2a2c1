import { Controller, Get, Header, Headers, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#config/config.schema.js';
import { callStream } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { CONFIG } from '#http/platform.module.js';
import { type RestCaller, requireRole, WhoCalls, WhoCallsIfAny, WithoutTokenIf } from '#http/rest-caller.js';
import { ENTRIES_LEVEL, hashesAtLevel, parseTilePath, TILE_WIDTH, type TileRef } from '#tlog/tile.js';
import { Ledger } from '../ledger.js';
import { recordRead } from '../record-read.js';
import { EventIndex } from './event-index.js';
import { LedgerLog } from './ledger-log.js';
import { type Inclusion, proveConsistency, proveInclusion, receiptOf } from './proofs.js';

class ConsistencyQuery {
  @Type(() => Number) @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) first!: number;
  @Type(() => Number) @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) second!: number;
}

class InclusionQuery {
  @IsString() @MaxLength(150) @Matches(/^\S+$/) event!: string;
}

class ReceiptQuery {
  @IsOptional() @IsString() @MaxLength(150) event?: string;
}

const NOTE_TYPE = 'text/plain; charset=utf-8';
const A_YEAR = 'max-age=31536000, immutable';

/**
 * The Merkle log over HTTP (C2SP tlog-tiles), with proofs and receipts. What shows something of an entry is recorded like
 * every read of an examiner. Checkpoints and tiles of hashes say nothing of anybody, and a monitor that fetches them every
 * second must not make the log grow: only their refusals are recorded.
 */
@Controller('ledger')
export class LogHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(LedgerLog) private readonly log: LedgerLog,
    @Inject(EventIndex) private readonly events: EventIndex,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get('checkpoint')
  @WithoutTokenIf('log_tiles')
  @Header('content-type', NOTE_TYPE)
  @Header('cache-control', 'no-cache')
  async checkpoint(@WhoCallsIfAny() caller: RestCaller | undefined) {
    await this.allow(caller, 'checkpoint');
    const { latest } = this.log.state.log.checkpoints;
    if (latest === undefined) throw new CountersignError('checkpoint_pending');
    return latest.note;
  }

  /** Entries show who did what, so they need the role whoever may read the hashes. */
  @Get('tile/entries/*')
  async entries(
    @WhoCalls() caller: RestCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.allow(caller, 'log-entries');
    const ref = this.tileAt(request);
    const first = ref.index * TILE_WIDTH;
    await this.read(caller, 'log-entries', { first, count: ref.width });
    void reply.headers({ 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
    return Buffer.from(await this.tree().fromDisk(ref));
  }

  @Get('tile/*')
  @WithoutTokenIf('log_tiles')
  async tile(
    @WhoCallsIfAny() caller: RestCaller | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.allow(caller, 'log-tile');
    const ref = this.tileAt(request);
    if (ref.level === ENTRIES_LEVEL) throw new CountersignError('not_found');
    const who = this.config.log.tiles === 'public' ? 'public' : 'private';
    void reply.headers({ 'content-type': 'application/octet-stream', 'cache-control': `${who}, ${A_YEAR}` });
    return Buffer.from(await this.tree().fromDisk(ref));
  }

  /** As JSON, or with `Accept: text/plain` as a .tlog-proof. */
  @Get('proofs/inclusion')
  async inclusion(
    @WhoCalls() caller: RestCaller,
    @Query() { event }: InclusionQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.read(caller, 'inclusion-proof', { event });
    const position = await this.events.positionOf(event);
    if (position === undefined) throw new CountersignError('not_found', `no event ${event}`);
    const inclusion = await proveInclusion(this.log.state.log, { id: event, position });
    return accept?.includes('text/plain') === true ? answerReceipt(reply, inclusion, event) : inclusion;
  }

  @Get('proofs/consistency')
  async consistency(@WhoCalls() caller: RestCaller, @Query() { first, second }: ConsistencyQuery) {
    await this.read(caller, 'consistency-proof', { first, second });
    return proveConsistency(this.log.state.log, first, second);
  }

  /** Of the last event of the call, or of the one named. */
  @Get('calls/:id/receipt')
  async receipt(
    @WhoCalls() caller: RestCaller,
    @Param('id') call: string,
    @Query() query: ReceiptQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.read(caller, 'receipt', { call, ...query });
    const stored = await this.eventsOf(call);
    const event = query.event === undefined ? stored.at(-1) : stored.find(({ id }) => id === query.event);
    if (event === undefined) throw new CountersignError('not_found', `no such event of call ${call}`);
    return answerReceipt(reply, await proveInclusion(this.log.state.log, event), `call-${call}`);
  }

  /** What somebody needs to verify the log, and how it is. */
  @Get('log')
  async state(@WhoCallsIfAny() caller: RestCaller) {
    await this.allow(caller, 'log', this.config.roles.operator);
    const { log, vkey, quorum } = this.log.state;
    const { latest, witnessed, publishedAt } = log.checkpoints;
    return {
      origin: this.log.origin,
      vkey,
      phase: log.phase,
      size: latest?.size ?? 0,
      root: latest === undefined ? null : Buffer.from(latest.root).toString('base64'),
      checkpoint_age_ms: latest === undefined ? null : Math.round(performance.now() - publishedAt),
      witnesses: quorum.witnesses.map(({ url, verifier }) => ({ name: verifier.name, url })),
      witnessed_size: quorum.isWanted ? (witnessed?.size ?? 0) : null,
      unwitnessed: latest?.witnessed !== true,
      alarms: log.finding === undefined ? [] : [{ kind: log.finding.kind, index: log.finding.index }],
    };
  }

  private tileAt(request: FastifyRequest): TileRef {
    const path = (request.raw.url ?? '').split('?')[0]?.slice('/ledger/'.length) ?? '';
    const ref = parseTilePath(path);
    const size = this.log.state.log.checkpoints.latest?.size ?? 0;
    const isThere =
      ref !== undefined && ref.index * TILE_WIDTH + ref.width <= hashesAtLevel(size, Math.max(0, ref.level));
    if (!isThere) throw new CountersignError('not_found', 'no signed checkpoint has this tile');
    return ref;
  }

  private tree() {
    const { tree } = this.log.state.log;
    if (tree === undefined) throw new CountersignError('checkpoint_pending');
    return tree;
  }

  private async eventsOf(call: string): Promise<readonly StoredEvent[]> {
    try {
      return await this.ledger.store.readStream(callStream(call));
    } catch (error) {
      throw new CountersignError('ledger_unavailable', (error as Error).name);
    }
  }

  /** Proofs, tiles and entries hold no argument or result. */
  private readers(): readonly string[] {
    return [...this.config.roles.examiner, ...this.config.roles.auditor];
  }

  /** Recorded, allowed or not. */
  private async read(caller: RestCaller, what: string, query: { readonly [name: string]: string | number }) {
    const roles = this.readers();
    const allowed = caller.roles.some((role) => roles.includes(role));
    await recordRead(this.ledger, caller, { what, query, allowed });
    requireRole(caller, roles);
  }

  /** Recorded only when it is refused. No caller: the configuration has opened it to everybody. */
  private async allow(caller: RestCaller | undefined, what: string, more: readonly string[] = []) {
    const roles = [...this.readers(), ...more];
    if (caller === undefined || caller.roles.some((role) => roles.includes(role))) return;
    await recordRead(this.ledger, caller, { what, query: {}, allowed: false });
    requireRole(caller, roles);
  }
}

const answerReceipt = (reply: FastifyReply, inclusion: Inclusion, name: string): string => {
  const file = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  void reply.headers({
    'content-type': NOTE_TYPE,
    'content-disposition': `attachment; filename="${file}.tlog-proof"`,
  });
  return receiptOf(inclusion);
};
