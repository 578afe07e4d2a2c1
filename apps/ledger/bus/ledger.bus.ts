import { Controller, Inject } from '@nestjs/common';
import { Answers } from '#bus/answers.js';
import {
  ledgerAppend,
  ledgerHeartbeat,
  ledgerReadAll,
  ledgerReadStream,
  type WireEvent,
} from '#contracts/ledger.js';
import { CountersignError } from '#core/errors.js';
import type { AppendCommand } from '#core/evidence/build-append.js';
import type { AllPage, StoredEvent } from '#event-store/event-store.js';
import { Instances } from '../instances.js';
import { Ledger } from '../ledger.js';

@Controller()
export class LedgerBus {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Instances) private readonly instances: Instances,
  ) {}

  @Answers(ledgerAppend)
  async append(command: {
    stream: string;
    expected: number;
    events: readonly { id: string; type: string; entry: Uint8Array; attachment?: Uint8Array | undefined }[];
  }) {
    const result = await this.ledger.append(command as AppendCommand);
    return { stream: command.stream, revision: result.revision, position: result.position.toString() };
  }

  @Answers(ledgerReadStream)
  async readStream({
    stream,
    attachments = true,
    attachmentsOf,
  }: {
    stream: string;
    attachments?: boolean | undefined;
    attachmentsOf?: string[] | undefined;
  }) {
    const stored = await readable(this.ledger.store.readStream(stream));
    const isWanted = ({ type }: StoredEvent): boolean =>
      attachments && attachmentsOf?.includes(type) !== false;
    return { events: stored.map((event) => (isWanted(event) ? toWire(event) : withoutAttachment(event))) };
  }

  @Answers(ledgerReadAll)
  async readAll({
    after,
    limit,
    types,
    attachments,
    wait_ms,
  }: {
    after?: string | undefined;
    limit: number;
    types?: string[] | undefined;
    attachments?: boolean | undefined;
    wait_ms: number;
  }) {
    const until = performance.now() + wait_ms;
    for (;;) {
      const page: AllPage = await readable(
        this.ledger.store.readAll({
          limit,
          ...(after === undefined ? {} : { after: BigInt(after) }),
          ...(types === undefined ? {} : { types }),
          ...(attachments === undefined ? {} : { attachments }),
        }),
      );
      if (page.events.length > 0 || performance.now() >= until) {
        return {
          events: page.events.map(toWire),
          ...(page.scannedTo === undefined ? {} : { scannedTo: page.scannedTo.toString() }),
        };
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  @Answers(ledgerHeartbeat)
  heartbeat({ instance }: { instance: string }) {
    this.instances.seen(instance);
    return {};
  }
}

const toWire = ({ position, ...event }: StoredEvent): WireEvent => ({
  ...event,
  position: position.toString(),
});

const withoutAttachment = ({ attachment: _stays, ...event }: StoredEvent): WireEvent => toWire(event);

const readable = async <T>(reading: Promise<T>): Promise<T> => {
  try {
    return await reading;
  } catch (error) {
    throw new CountersignError('ledger_unavailable', (error as Error).name);
  }
};
