import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerAppend, ledgerReadStream } from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import { canonicalJson, type Json } from '#core/evidence/canonical-json.js';
import type { Digest } from '#core/hash.js';
import { type IndexedPolicy, indexPolicy } from '#core/policy/index-policy.js';
import { type PolicyActivated, type PolicyRecorded, policyStream } from '#core/policy/policy.events.js';
import { LOGGER } from '#http/platform.module.js';
import { parsePolicyFile } from '#policy-file/parse-policy-file.js';

const RETRY_MS = 500;

export interface Active {
  readonly policy: IndexedPolicy;
  readonly digest: Digest;
}

/**
 * The policy bundle in force. It is compiled at start (an invalid file stops the start) and decides nothing until its
 * text and its activation are in the ledger: otherwise a decision could not be replayed.
 */
@Injectable()
export class ActivePolicy implements OnApplicationBootstrap, OnApplicationShutdown {
  private recorded = false;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly compiled: Active,
    private readonly bundle: Json,
    private readonly name: string,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  static async load(file: string, bus: Bus, logger: Logger): Promise<ActivePolicy> {
    const { bundle, digest, warnings } = parsePolicyFile(await readFile(file, 'utf8'), file);
    for (const warning of warnings) logger.info({ file }, String(warning));
    return new ActivePolicy(
      { policy: indexPolicy(bundle), digest },
      bundle as unknown as Json,
      bundle.name,
      bus,
      logger,
    );
  }

  /** @throws CountersignError policy_unavailable while the bundle is not yet on record */
  get(): Active {
    if (!this.recorded) throw new CountersignError('policy_unavailable', 'the policy is not on record yet');
    return this.compiled;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.record();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.retry);
  }

  private async record(): Promise<void> {
    try {
      await this.append();
      this.recorded = true;
    } catch (error) {
      if (this.stopped) return;
      this.logger.warn(
        { code: (error as CountersignError).code },
        'the policy could not be recorded yet; nothing is decided until it is',
      );
      this.retry = setTimeout(() => void this.record(), RETRY_MS);
    }
  }

  private async append(): Promise<void> {
    const { digest } = this.compiled;
    const stream = policyStream(digest);
    const { events } = await this.bus.request(ledgerReadStream, { stream });
    const instance = randomUUID();
    const activated: PolicyActivated = { type: 'PolicyActivated', v: 1, data: { digest, instance } };
    const toRecord: EventToRecord[] =
      events.length === 0 ? [this.text(), { event: activated }] : [{ event: activated }];
    const command = buildAppend(
      {
        stream,
        expected: events.length - 1,
        time: new Date().toISOString(),
        actor: { kind: 'service', service: 'policy', instance },
        correlation: digest,
        causation: instance,
        newId: randomUUID,
      },
      toRecord,
    );
    await this.bus.request(ledgerAppend, command);
  }

  private text(): EventToRecord {
    const attachment = Buffer.from(canonicalJson(this.bundle));
    const { digest } = this.compiled;
    const event: PolicyRecorded = {
      type: 'PolicyRecorded',
      v: 1,
      data: { digest, name: this.name, semantics: 1 },
      payload: { commit: digest, bytes: attachment.length },
    };
    return { event, attachment };
  }
}
