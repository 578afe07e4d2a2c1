import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import type { ConfigWatch } from '#config/watch-config.js';
import { ledgerAppend } from '#contracts/ledger.js';
import type { ServersConfigured } from '#core/catalog/servers.events.js';
import type { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Catalog } from './catalog.js';
import {
  changeOf,
  fingerprintOf,
  type ServersChange,
  settingsForRestart,
  upstreamsDigest,
} from './server-settings.js';

const RETRY_MS = 1_000;

/** Takes over the servers of a changed configuration file while calls run: on record first, then in effect. */
export class LiveServers {
  private known: ReadonlyMap<string, ReturnType<typeof fingerprintOf>>;
  private waiting: Config | undefined;
  private working: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly catalog: Catalog,
    private readonly config: Config,
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {
    this.known = fingerprints(config);
  }

  follow(watch: ConfigWatch): void {
    watch.onChange((config) => this.take(config));
    watch.onInvalid((error) =>
      this.logger.error(
        { problem: error.message },
        'the changed configuration is not valid; the old one stays',
      ),
    );
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  private take(config: Config): void {
    const others = settingsForRestart(this.config, config);
    if (others.length > 0)
      this.logger.warn({ settings: others }, 'these settings were changed and need a restart');
    this.waiting = config;
    this.working ??= this.work().finally(() => {
      this.working = undefined;
    });
  }

  private async work(): Promise<void> {
    while (this.waiting !== undefined && !this.stopped) {
      const config = this.waiting;
      try {
        await this.apply(config);
        if (this.waiting === config) this.waiting = undefined;
      } catch (error) {
        const { name, code, message } = error as CountersignError;
        if (name === 'CountersignError') {
          this.logger.warn({ code }, 'the change of servers could not be recorded; trying again');
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        } else {
          this.logger.error({ problem: message }, 'the changed servers cannot be used; the old ones stay');
          if (this.waiting === config) this.waiting = undefined;
        }
      }
    }
  }

  private async apply(config: Config): Promise<void> {
    const change = changeOf(this.known, config.upstreams);
    const { added, changed, removed, kept } = change;
    if (added.length + changed.length + removed.length === 0) return;
    const opened = this.catalog.open(config.upstreams.filter(({ name }) => !kept.includes(name)));
    try {
      await this.record(config, change);
    } catch (error) {
      opened.close();
      throw error;
    }
    this.catalog.replace(opened, kept);
    this.known = fingerprints(config);
    this.logger.info({ added, changed, removed }, 'servers changed by configuration');
  }

  private async record(config: Config, { added, changed, removed }: ServersChange): Promise<void> {
    const { instance } = this.catalog;
    const correlation = randomUUID();
    const event: ServersConfigured = {
      type: 'ServersConfigured',
      v: 1,
      data: { added, by: 'configuration', changed, digest: upstreamsDigest(config.upstreams), removed },
    };
    const command = buildAppend(
      {
        stream: `gateway-${correlation}`,
        expected: -1,
        time: new Date().toISOString(),
        actor: { kind: 'service', service: 'ingress', instance },
        correlation,
        causation: correlation,
        newId: randomUUID,
      },
      [{ event }],
    );
    await this.bus.request(ledgerAppend, command);
  }
}

const fingerprints = ({ upstreams }: Config) =>
  new Map(upstreams.map((upstream) => [upstream.name, fingerprintOf(upstream)]));
