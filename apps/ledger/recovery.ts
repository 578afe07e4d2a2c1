import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { CallOutcomeUnknown } from '#core/call/call.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { LOGGER } from '#http/platform.module.js';
import { Instances } from './instances.js';
import { Ledger } from './ledger.js';
import { Projection } from './projection/projection.js';

const SWEEP_EVERY_MS = 1_000;

/**
 * Closes forwarded calls that nobody can finish (promise G4: within 30 s of a restart). After a crash the log says
 * ForwardIntended and no more: the upstream may or may not have carried the call out, so it is closed as
 * CallOutcomeUnknown and never repeated. The same sweep runs all the time; a restart only finds more to do.
 */
@Injectable()
export class Recovery implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Instances) private readonly instances: Instances,
    @Inject(Projection) private readonly projection: Projection,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.projection.catchUp();
    for (const stream of await this.projection.openCallStreams()) await this.reload(stream);
    this.timer = setInterval(() => {
      this.sweeping = this.sweeping.then(() => this.sweep());
    }, SWEEP_EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** A call with an event of a newer release stays as it is: whether it has ended is not for this release to say. */
  private async reload(stream: string): Promise<void> {
    try {
      await this.ledger.reload(stream);
    } catch (error) {
      if (!(error instanceof CountersignError && error.code === 'event_unknown')) throw error;
      this.logger.warn(
        { stream, detail: error.detail },
        'left a call alone that has an event of unknown version',
      );
    }
  }

  private async sweep(): Promise<void> {
    const orphans = this.ledger.open.orphans(
      (instance) => this.instances.isAlive(instance),
      performance.now(),
    );
    for (const [stream, { revision }] of orphans) {
      const event: CallOutcomeUnknown = {
        type: 'CallOutcomeUnknown',
        v: 1,
        data: { reason: 'the gateway stopped while the upstream had the call' },
      };
      const callId = stream.slice('call-'.length);
      const command = buildAppend(
        {
          stream,
          expected: revision,
          time: new Date().toISOString(),
          actor: { kind: 'service', service: 'ledger', instance: 'recovery' },
          correlation: callId,
          causation: callId,
          newId: randomUUID,
        },
        [{ event }],
      );
      try {
        await this.ledger.append(command);
        this.logger.warn({ callId }, 'closed a call whose outcome nobody can know');
      } catch (error) {
        // Lost the race against a late outcome, or the store is down: the next sweep looks again.
        this.logger.debug({ callId, err: error }, 'could not close a call yet');
      }
    }
  }
}
