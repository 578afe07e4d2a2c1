import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { buildConnector } from 'undici';
import type { Bus } from '#bus/bus.js';
import type { Config } from '#config/config.schema.js';
import { readSecret } from '#config/load-config.js';
import { ledgerAppend } from '#contracts/ledger.js';
import type { ErrorCode } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import type { Actor } from '#core/evidence/entry.js';
import { type ConsentEvent, consentStream } from '#core/upstream/consent.events.js';
import type { UpstreamAuth } from '#mcp/upstream/upstream-auth.types.js';
import { guardedConnect } from '#outbound/guarded-connect.js';
import { type Outbound, openOutbound } from '#outbound/guarded-fetch.js';
import { configuredRules } from '#outbound/outbound-rules.js';
import { loadOrCreateSecret } from '#sealing/file-secret.js';
import { type Consents, openConsents } from '#upstream-auth/consent/consents.js';
import type { AuthorizationCodeOptions } from '#upstream-auth/kinds/authorization-code.js';
import { openUpstreamAuth, requireSecrets } from '#upstream-auth/open-upstream-auth.js';
import { openFileStore } from '#upstream-auth/store/file-store.js';
import type { SealedStore } from '#upstream-auth/store/sealed-store.js';
import type { UpstreamContext } from '#upstream-auth/upstream-context.js';
import { watchedAuth } from './watched-auth.js';

interface Opened {
  readonly store: SealedStore;
  readonly outbound: Outbound;
  readonly consents: Consents;
  /** Who waits for a consent, by upstream. */
  readonly waiting: Map<string, Set<() => void>>;
}

type HttpUpstreamConfig = Exclude<Config['upstreams'][number], { transport: 'stdio' }>;

/** How the gateway authenticates at each upstream, and the consents this takes. */
export class UpstreamAuths implements OnApplicationShutdown {
  private readonly problems = new Map<string, ErrorCode | null>();

  private constructor(
    private readonly config: Config,
    private readonly publicUrl: () => string,
    private readonly opened: Opened,
  ) {}

  /** @throws ConfigError when a secret is not there */
  static async open(bus: Bus, config: Config, publicUrl: () => string): Promise<UpstreamAuths> {
    const upstreams = httpUpstreams(config);
    for (const { auth } of upstreams) requireSecrets(auth, readSecret);
    const keys = join(config.data_dir, 'keys');
    const secret = await loadOrCreateSecret(join(keys, 'gateway.secret'));
    const store = await openFileStore({ folder: join(keys, 'upstreams'), secret });
    const outbound = openOutbound({ rules: configuredRules(config) });
    const opened = { store, outbound, waiting: new Map<string, Set<() => void>>() };
    const consenting = upstreams.flatMap((upstream): [string, AuthorizationCodeOptions][] =>
      upstream.auth.type === 'authorization_code'
        ? [[upstream.name, { context: contextOf(opened, upstream), config: upstream.auth, publicUrl }]]
        : [],
    );
    const consents = openConsents({
      upstreams: new Map(consenting),
      store,
      publicUrl,
      now: Date.now,
      record: (id, expected, actor, event) => record(bus, id, expected, actor, event),
      onGranted: (upstream) => {
        for (const listener of opened.waiting.get(upstream) ?? []) listener();
      },
    });
    return new UpstreamAuths(config, publicUrl, { ...opened, consents });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.opened.outbound.close();
  }

  /** For the transport of this upstream: its credentials, and connections to checked addresses only. */
  connectionOf(upstream: HttpUpstreamConfig): {
    readonly auth: UpstreamAuth;
    readonly connector: buildConnector.connector;
  } {
    const auth = openUpstreamAuth(contextOf(this.opened, upstream), upstream.auth, this.publicUrl);
    return {
      auth: watchedAuth({ ...auth, onGranted: (listener) => this.wait(upstream.name, listener) }, (problem) =>
        this.problems.set(upstream.name, problem),
      ),
      connector: guardedConnect({ rules: configuredRules(this.config) }),
    };
  }

  /** What was wrong when the gateway last asked this upstream on its own account. */
  problemOf(upstream: string): ErrorCode | null {
    return this.problems.get(upstream) ?? null;
  }

  get consents(): Consents {
    return this.opened.consents;
  }

  /** Upstreams over HTTP, as configured. */
  https(): readonly HttpUpstreamConfig[] {
    return httpUpstreams(this.config);
  }

  private wait(upstream: string, listener: () => void): () => void {
    const listeners = this.opened.waiting.get(upstream) ?? new Set();
    this.opened.waiting.set(upstream, listeners.add(listener));
    return () => listeners.delete(listener);
  }
}

const httpUpstreams = ({ upstreams }: Config): readonly HttpUpstreamConfig[] =>
  upstreams.filter((upstream) => upstream.transport !== 'stdio');

const record = async (
  bus: Bus,
  consentId: string,
  expected: number,
  actor: Actor,
  event: ConsentEvent,
): Promise<void> => {
  const command = buildAppend(
    {
      stream: consentStream(consentId),
      expected,
      time: new Date().toISOString(),
      actor,
      correlation: consentId,
      causation: consentId,
      newId: randomUUID,
    },
    [{ event }],
  );
  await bus.request(ledgerAppend, command);
};

const contextOf = (
  { store, outbound }: Pick<Opened, 'store' | 'outbound'>,
  { name, url }: HttpUpstreamConfig,
): UpstreamContext => ({
  upstream: name,
  serverUrl: new URL(url),
  fetch: outbound.fetch,
  store,
  readSecret,
  now: Date.now,
});
