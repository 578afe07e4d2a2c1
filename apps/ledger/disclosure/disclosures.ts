import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type DisclosureEvent, disclosureStream } from '#core/disclosure/disclosure.events.js';
import { type DisclosureState, evolveDisclosure, NO_DISCLOSURE } from '#core/disclosure/disclosure.state.js';
import { CountersignError } from '#core/errors.js';
import { buildAppend, type EventToRecord } from '#core/evidence/build-append.js';
import type { Actor } from '#core/evidence/entry.js';
import { asEvent, readEntry } from '#core/evidence/read-entry.js';
import type { StoredEvent } from '#event-store/event-store.js';
import { Ledger } from '../ledger.js';

const CONFLICT_RETRIES = 5;
const PAGE = 500;

export interface ListedDisclosure {
  readonly id: string;
  readonly requestedAt: string;
  readonly state: Exclude<DisclosureState, { status: 'none' }>;
}

/** Requests to open sealed originals. Their streams are the only state; they are few. */
@Injectable()
export class Disclosures {
  constructor(@Inject(Ledger) private readonly ledger: Ledger) {}

  /** @throws CountersignError approval_unknown */
  async read(id: string): Promise<ListedDisclosure> {
    const { listed } = await this.load(id);
    if (listed === undefined) throw new CountersignError('approval_unknown');
    return listed;
  }

  /** Newest first. */
  async list(limit: number): Promise<readonly ListedDisclosure[]> {
    const ids: string[] = [];
    for (let after: bigint | undefined; ; ) {
      const page = await this.ledger.store.readAll({
        limit: PAGE,
        types: ['DisclosureRequested'],
        attachments: false,
        ...(after === undefined ? {} : { after }),
      });
      ids.push(...page.events.map(({ stream }) => stream.slice('disclosure-'.length)));
      // Not the end of the log, which moves on while others write.
      if (page.events.length === 0 || page.scannedTo === undefined) break;
      after = page.scannedTo;
    }
    return Promise.all(
      ids
        .reverse()
        .slice(0, limit)
        .map((id) => this.read(id)),
    );
  }

  /**
   * Read the stream, decide, append at the revision that was read; somebody else's append first means once more.
   * @throws CountersignError of `decide`, ledger_*, revision_conflict
   */
  async execute(
    id: string,
    actor: Actor,
    decide: (state: DisclosureState) => readonly DisclosureEvent[],
  ): Promise<ListedDisclosure> {
    for (let attempt = 0; ; attempt++) {
      const { listed, revision } = await this.load(id);
      const events = decide(listed?.state ?? NO_DISCLOSURE);
      try {
        await this.append(id, revision, actor, listed?.state.request.callId ?? callOf(events), events);
        return await this.read(id);
      } catch (error) {
        const lostRace = error instanceof CountersignError && error.code === 'revision_conflict';
        if (!lostRace || attempt >= CONFLICT_RETRIES) throw error;
      }
    }
  }

  private async load(id: string): Promise<{ listed: ListedDisclosure | undefined; revision: number }> {
    let events: readonly StoredEvent[];
    try {
      events = await this.ledger.store.readStream(disclosureStream(id));
    } catch (error) {
      throw new CountersignError('ledger_unavailable', (error as Error).name);
    }
    const entries = events.map(({ entry }) => readEntry(entry));
    const state = entries
      .map((entry) => asEvent<DisclosureEvent>(entry))
      .reduce<DisclosureState>(evolveDisclosure, NO_DISCLOSURE);
    const requestedAt = entries[0]?.time;
    const listed =
      state.status === 'none' || requestedAt === undefined ? undefined : { id, requestedAt, state };
    return { listed, revision: events.length - 1 };
  }

  private async append(
    id: string,
    expected: number,
    actor: Actor,
    callId: string,
    events: readonly DisclosureEvent[],
  ): Promise<void> {
    const context = {
      stream: disclosureStream(id),
      expected,
      time: new Date().toISOString(),
      actor,
      correlation: callId,
      causation: id,
      newId: randomUUID,
    };
    const toRecord = events.map((event) => ({ event: event as unknown as EventToRecord['event'] }));
    await this.ledger.append(buildAppend(context, toRecord));
  }
}

const callOf = (events: readonly DisclosureEvent[]): string => {
  const requested = events.find((event) => event.type === 'DisclosureRequested');
  return requested?.data.callId ?? '';
};
