import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError } from '#core/errors.js';
import { EVENT_VERSIONS } from '#core/evidence/event-versions.js';
import type { EventStore, StoredEvent } from '#event-store/event-store.js';
import type { Logger } from '#telemetry/logger.js';
import { readModelCaughtUp } from '#telemetry/metrics.js';
import { ThreadClient } from '../thread/thread-client.js';
import type { CallPage, CallSearch, SessionFilter, SessionPage } from './call-filter.js';
import { PROJECTED_TYPES } from './project-call.js';
import type {
  IndexedPayload,
  ProjectedEvent,
  ProjectionProgress,
  ProjectionRequest,
} from './projection.messages.js';
import type { ReportedPage, ReportedQuery, Unsettled, UnsettledQuery } from './query-approvals.js';
import { ROW_TYPES } from './write-approvals.js';

const PAGE = 1_000;
const PROJECTED: ReadonlySet<string> = new Set([...PROJECTED_TYPES, ...ROW_TYPES]);
/** While nobody asks the read model follows at this pace only, so that it takes no time from calls under way. */
export const FOLLOW_EVERY_MS = 5_000;
/** A question waits so long for the read model to catch up; then it is told to come again. */
export const QUESTION_WAIT_MS = 10_000;
const BUS_QUESTION_WAIT_MS = 1_500;
const TELL_EVERY_MS = 2_000;

/**
 * Read model of the calls, kept by a worker thread. It follows the log lazily; every question first catches up, so an
 * examiner always reads what has been recorded by then.
 */
export class Projection {
  /** Changes when everything is dropped: what was read for the model before belongs to the past. */
  epoch = 0;
  private readonly worker: ThreadClient<ProjectionRequest>;
  /** Undefined: the worker has not been asked yet. */
  private appliedTo: string | null | undefined;
  private catching: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly store: EventStore,
    file: string,
    private readonly logger?: Logger,
  ) {
    this.worker = new ThreadClient(
      new URL('./projection.worker.js', import.meta.url),
      file,
      'the read model',
    );
    this.follow();
  }

  /** Position of the last event in the read model; null: none. */
  get position(): string | null {
    return this.appliedTo ?? null;
  }

  /** Is it reading the log right now? */
  get isCatchingUp(): boolean {
    return this.catching !== undefined;
  }

  /** @throws CountersignError read_model_behind, ledger_unavailable */
  async list(search: CallSearch): Promise<CallPage> {
    return (await this.question({ op: 'list', search })) as CallPage;
  }

  /** Calls that fit the filter and were too large to be indexed completely. */
  async countTruncated(search: CallSearch): Promise<number> {
    return (await this.worker.ask({ op: 'truncated', search })) as number;
  }

  /** @throws CountersignError read_model_behind, ledger_unavailable */
  async sessions(filter: SessionFilter, limit: number, before?: number): Promise<SessionPage> {
    return (await this.question({ op: 'sessions', filter, limit, before })) as SessionPage;
  }

  /**
   * The first page holds everything recorded by now. It is asked for over the bus, whose askers wait no longer.
   * @throws CountersignError read_model_behind, ledger_unavailable
   */
  async reported(query: ReportedQuery): Promise<ReportedPage> {
    if (query.after === undefined) await this.caughtUp(BUS_QUESTION_WAIT_MS);
    return (await this.worker.ask({ op: 'reported', query })) as ReportedPage;
  }

  /** As far as it is: whoever asks reads the log from there. */
  async unsettled(query: UnsettledQuery): Promise<Unsettled> {
    return (await this.worker.ask({ op: 'unsettled', query })) as Unsettled;
  }

  async openCallStreams(): Promise<readonly string[]> {
    return ((await this.worker.ask({ op: 'open-calls' })) as string[]).map((id) => `call-${id}`);
  }

  async progress(): Promise<ProjectionProgress> {
    return (await this.worker.ask({ op: 'progress' })) as ProjectionProgress;
  }

  async index(key: string, payloads: readonly IndexedPayload[], position: string): Promise<void> {
    await this.worker.ask({ op: 'index', key, payloads, position });
  }

  async dropIndex(): Promise<void> {
    await this.worker.ask({ op: 'drop-index' });
  }

  /** Throws the read model away and begins to build it again from the log; questions wait for it. */
  async rebuild(): Promise<void> {
    this.epoch++;
    this.appliedTo = null;
    await this.worker.ask({ op: 'drop' });
    void this.catchUp().catch((error: unknown) => this.logger?.error({ err: error }, 'rebuilding failed'));
  }

  /** Applies everything in the log up to now. Callers who come during a run share the next one. */
  async catchUp(): Promise<void> {
    // The run under way may be past its last look at the log.
    await this.catching?.catch(() => undefined);
    this.catching ??= this.run().finally(() => {
      this.catching = undefined;
    });
    return this.catching;
  }

  /** The same, for a question. @throws CountersignError read_model_behind when it takes too long */
  async caughtUp(wait_ms = QUESTION_WAIT_MS): Promise<void> {
    await inTime(this.catchUp(), async () => `built up to position ${this.position ?? 'none'}`, wait_ms);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.catching?.catch(() => undefined);
    await this.worker.close();
  }

  /** Asked of a read model that holds everything: one that was dropped in the meantime is waited for again. */
  private async question(request: ProjectionRequest): Promise<unknown> {
    for (;;) {
      const { epoch } = this;
      await this.caughtUp();
      if (epoch === this.epoch) return this.worker.ask(request);
    }
  }

  private follow(): void {
    this.timer = setTimeout(() => {
      // A store that is away is no reason to stop: the next round tries again.
      void this.catchUp()
        .catch(() => undefined)
        .finally(() => {
          if (!this.closed) this.follow();
        });
    }, FOLLOW_EVERY_MS);
  }

  private async run(): Promise<void> {
    this.appliedTo ??= (await this.progress()).position;
    let tellAt = performance.now() + TELL_EVERY_MS;
    while (!this.closed) {
      if (!(await this.step())) return;
      if (performance.now() < tellAt) continue;
      tellAt = performance.now() + TELL_EVERY_MS;
      this.logger?.warn({ position: this.position }, 'building the read model from the log');
    }
  }

  /** One page. False at the end of the log. */
  private async step(): Promise<boolean> {
    const { epoch, position: after } = this;
    const page = await this.store.readAll({
      limit: PAGE,
      attachments: false,
      ...(after === null ? {} : { after: BigInt(after) }),
    });
    // Dropped meanwhile: this page is not the next one any more.
    if (epoch !== this.epoch) return true;
    const position = page.scannedTo?.toString();
    if (position === undefined || position === after) {
      readModelCaughtUp.labels('calls').setToCurrentTime();
      return false;
    }
    const events = page.events.filter(({ type }) => PROJECTED.has(type)).map(toProjected);
    const unknown = page.events.filter(({ type }) => !Object.hasOwn(EVENT_VERSIONS, type)).length;
    await this.worker.ask({ op: 'apply', events, unknown, position });
    if (epoch === this.epoch) this.appliedTo = position;
    return true;
  }
}

const toProjected = ({ entry, position }: StoredEvent): ProjectedEvent => ({
  entry,
  position: position.toString(),
});

/** @throws CountersignError read_model_behind, with what `soFar` says, after `wait_ms` */
export const inTime = async (
  work: Promise<void>,
  soFar: () => Promise<string>,
  wait_ms = QUESTION_WAIT_MS,
): Promise<void> => {
  const timer = new AbortController();
  const late = pause(wait_ms, 'late' as const, { signal: timer.signal }).catch(() => undefined);
  try {
    if ((await Promise.race([work, late])) !== 'late') return;
  } finally {
    timer.abort();
  }
  // It goes on without a listener; its failure is the next question's.
  work.catch(() => undefined);
  throw new CountersignError('read_model_behind', await soFar());
};
