import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { Approval } from '#core/catalog/decide-catalog.js';
import { CountersignError } from '#core/errors.js';
import { CONFIG } from '#http/platform.module.js';
import { callerActor, recordRefusal } from '#http/record-refusal.js';
import { type RestCaller, requireRole, WhoCalls } from '#http/rest-caller.js';
import { personOf } from '#identity/human.js';
import { Catalog } from '../catalog.js';
import { ApprovalsBody, ApproveBody, CatalogQuery, EntryPath } from './catalog.queries.js';

/** What the servers list and what of it is approved: operators and examiners look, operators approve. */
@Controller('catalog')
export class CatalogHttp {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  list(@WhoCalls() caller: RestCaller, @Query() { server, state, cursor, limit }: CatalogQuery) {
    return this.recorded(caller, 'list', async () => {
      this.requireReader(caller);
      const names = server === undefined ? this.catalog.names() : [server];
      const all = names
        .flatMap((name) => this.catalog.view(name))
        .filter((view) =>
          state === 'held'
            ? view.state !== 'pinned' && view.state !== 'missing'
            : state === undefined || view.state === state,
        );
      const start = Number(cursor ?? 0);
      const end = start + limit;
      return { items: all.slice(start, end), next: end < all.length ? String(end) : null };
    });
  }

  @Get(':server/:kind/:name')
  one(@WhoCalls() caller: RestCaller, @Param() path: EntryPath) {
    return this.recorded(caller, 'show', async () => {
      this.requireReader(caller);
      return this.catalog.detail(path.server, path);
    });
  }

  @Post(':server/:kind/:name/approve')
  @HttpCode(200)
  approve(
    @WhoCalls() caller: RestCaller,
    @Param() { server, kind, name }: EntryPath,
    @Body() { digest, reason }: ApproveBody,
  ) {
    return this.recorded(caller, 'approve', async () => {
      await this.pin(caller, server, [{ kind, name, digest }], reason);
      return this.catalog.detail(server, { kind, name });
    });
  }

  /** Many entries of one server at once: all of them, or none. */
  @Post('approvals')
  @HttpCode(200)
  approveMany(@WhoCalls() caller: RestCaller, @Body() { server, entries, reason }: ApprovalsBody) {
    return this.recorded(caller, 'approve', async () => {
      await this.pin(caller, server, entries, reason);
      return { items: entries.map((entry) => this.catalog.detail(server, entry)), next: null };
    });
  }

  private async pin(
    caller: RestCaller,
    server: string,
    approvals: readonly Approval[],
    reason: string | undefined,
  ): Promise<void> {
    requireRole(caller, this.config.roles.operator);
    if (caller.isMachine)
      throw new CountersignError('forbidden', 'definitions are approved by people, not by programs');
    const { isMachine, roles } = caller;
    await this.catalog.approve(server, approvals, callerActor(caller), {
      operator: { approver: personOf(caller), isMachine, roles },
      reason: reason ?? null,
    });
  }

  private requireReader(caller: RestCaller): void {
    requireRole(caller, [...this.config.roles.operator, ...this.config.roles.examiner]);
  }

  /** Puts a refusal on record before it is answered. */
  private async recorded<Answer>(
    caller: RestCaller,
    what: string,
    answer: () => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await answer();
    } catch (error) {
      if (error instanceof CountersignError && !error.code.startsWith('ledger_')) {
        const refusal = { code: error.code, where: 'catalog', caller, about: { what } };
        await recordRefusal(this.bus, this.catalog.instance, refusal);
      }
      throw error;
    }
  }
}
