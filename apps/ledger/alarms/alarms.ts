import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { type Alarm, type AlarmRaised, alarmId, alarmStream } from '#core/alarm/alarm.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { LOGGER } from '#http/platform.module.js';
import { sha256 } from '#sealing/sha256.js';
import { ledgerAlarmsTotal } from '#telemetry/metrics.js';
import { Ledger } from '../ledger.js';

const RETRY_EVERY_MS = 5_000;
/** Findings of one process. Whoever has more than these has been told enough. */
const FINDINGS_MAX = 10_000;

/**
 * Raises alarms: on record once for all replicas and restarts, in the log and the metrics of each process that finds it.
 * A finding that cannot be recorded now (no room, no store) is recorded as soon as that is possible again.
 */
@Injectable()
export class Alarms implements OnApplicationShutdown {
  private readonly found = new Set<string>();
  private readonly waiting = new Map<string, Alarm>();
  private timer: NodeJS.Timeout | undefined;
  private recording: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Never throws: who has found something goes on with its own work. Fulfils after the first try to record it. */
  async raiseAlarm(alarm: Alarm): Promise<void> {
    const id = alarmId(alarm, sha256);
    if (this.found.has(id) || this.found.size >= FINDINGS_MAX) return;
    this.found.add(id);
    this.waiting.set(id, alarm);
    ledgerAlarmsTotal.inc({ kind: alarm.kind });
    this.logger.error({ alarm: id, kind: alarm.kind, about: alarm.about }, alarm.detail);
    await this.recordWaiting();
  }

  /** True while something found is not on record yet. */
  get isBehind(): boolean {
    return this.waiting.size > 0;
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.recording;
  }

  private recordWaiting(): Promise<void> {
    this.recording = this.recording.then(async () => {
      clearTimeout(this.timer);
      for (const [id, alarm] of this.waiting) {
        if (!(await this.record(id, alarm))) {
          this.timer = setTimeout(() => void this.recordWaiting(), RETRY_EVERY_MS).unref();
          return;
        }
        this.waiting.delete(id);
      }
    });
    return this.recording;
  }

  private async record(id: string, data: Alarm): Promise<boolean> {
    const event: AlarmRaised = { type: 'AlarmRaised', v: 1, data };
    try {
      await this.ledger.append(
        buildAppend(
          {
            stream: alarmStream(id),
            expected: -1,
            time: new Date().toISOString(),
            actor: { kind: 'service', service: 'ledger', instance: 'alarms' },
            correlation: id,
            causation: id,
            newId: randomUUID,
          },
          [{ event }],
        ),
      );
      return true;
    } catch (error) {
      // Another replica, or this one before a restart, has recorded the same finding.
      return error instanceof CountersignError && error.code === 'revision_conflict';
    }
  }
}
