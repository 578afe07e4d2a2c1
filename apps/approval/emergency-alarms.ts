import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { BUS, type Bus } from '#bus/bus.js';
import { ledgerAppend, type WireEvent } from '#contracts/ledger.js';
import { type Alarm, type AlarmRaised, alarmId, alarmStream } from '#core/alarm/alarm.events.js';
import type { ApprovalEvent } from '#core/approval/approval.events.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend } from '#core/evidence/build-append.js';
import { knownEvent, readEntry } from '#core/evidence/read-entry.js';
import { LOGGER } from '#http/platform.module.js';
import { sha256 } from '#sealing/sha256.js';
import { ledgerAlarmsTotal } from '#telemetry/metrics.js';
import { APPROVAL_SERVICE } from './approvals.js';

const RETRY_EVERY_MS = 2_000;

/**
 * Raises an alarm for each broken glass and each review that is overdue. It follows from the log what is to be raised and what
 * is raised already: a crash between the two events loses no alarm, and replicas and restarts raise none twice.
 */
@Injectable()
export class EmergencyAlarms implements OnApplicationShutdown {
  private readonly waiting = new Map<string, Alarm>();
  private recording: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private isStarted = false;
  private isStopped = false;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  observe({ stream, entry }: WireEvent): void {
    if (stream.startsWith('alarm-')) {
      this.waiting.delete(stream.slice('alarm-'.length));
      return;
    }
    const event = stream.startsWith('approval-') ? knownEvent<ApprovalEvent>(readEntry(entry)) : undefined;
    const alarm = event && alarmOf(stream.slice('approval-'.length), event);
    if (alarm === undefined) return;
    this.waiting.set(alarmId(alarm, sha256), alarm);
    if (this.isStarted) this.recordSoon();
  }

  /** Once everything that was recorded before is known. */
  start(): void {
    this.isStarted = true;
    this.recordSoon();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.recording;
  }

  private recordSoon(): void {
    this.recording = this.recording.then(async () => {
      clearTimeout(this.timer);
      for (const [id, alarm] of this.waiting) {
        if (this.isStopped) return;
        if (await this.record(id, alarm)) this.waiting.delete(id);
      }
      if (this.waiting.size > 0) this.timer = setTimeout(() => this.recordSoon(), RETRY_EVERY_MS).unref();
    });
  }

  /** @returns whether it is on record now */
  private async record(id: string, data: Alarm): Promise<boolean> {
    const event: AlarmRaised = { type: 'AlarmRaised', v: 1, data };
    const command = buildAppend(
      {
        stream: alarmStream(id),
        expected: -1,
        time: new Date().toISOString(),
        actor: APPROVAL_SERVICE,
        correlation: id,
        causation: id,
        newId: randomUUID,
      },
      [{ event }],
    );
    try {
      await this.bus.request(ledgerAppend, command);
      ledgerAlarmsTotal.inc({ kind: data.kind });
      this.logger.error({ alarm: id, kind: data.kind, about: data.about }, data.detail);
      return true;
    } catch (error) {
      // Another replica, or this one before its answer was lost, has recorded the same.
      return error instanceof CountersignError && error.code === 'revision_conflict';
    }
  }
}

const alarmOf = (approvalId: string, event: ApprovalEvent): Alarm | undefined => {
  if (event.type === 'ApprovalGranted' && event.data.how === 'break-glass')
    return {
      kind: 'break_glass_used',
      detail: 'Two people have granted a call in an emergency, past its approvers. Somebody must review it.',
      about: { approvalId },
    };
  if (event.type === 'ReviewOverdue')
    return {
      kind: 'break_glass_review_overdue',
      detail: 'Nobody has reviewed in time a call that was granted in an emergency.',
      about: { approvalId, dueAt: event.data.dueAt },
    };
  return undefined;
};
