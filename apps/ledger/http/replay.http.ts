import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  Body,
  Controller,
  Headers,
  HttpCode,
  Inject,
  type OnModuleDestroy,
  Post,
  StreamableFile,
} from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { CountersignError } from '#core/errors.js';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { PolicyFileError, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { Ledger } from '../ledger.js';
import { Replay, type ReplayRange } from '../replay/replay.js';
import { ndjsonLines, REPLAY_MEDIA_TYPE } from '../replay/replay-stream.js';
import { type Reader, Reading } from './reading.js';
import { ReplayBody } from './replay.queries.js';

/** Runs at once: replaying must not starve the calls of the gateway. */
export const REPLAYS_MAX = 2;
/** An answer in one piece ends early after this long and says where to go on; streams go on to the end. */
const WHOLE_ANSWER_MS_MAX = 60_000;
const GOODBYE_MS_MAX = 1_000;

/** Runs recorded decisions and maskings again for an examiner or auditor; the run is on record before it begins (promise G6). */
@Controller('ledger')
export class ReplayHttp implements OnModuleDestroy {
  private under_way = 0;
  private readonly closing = new AbortController();

  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(Reading) private readonly reading: Reading,
  ) {}

  @Post('replay')
  @HttpCode(200)
  async replay(
    @WhoCalls() caller: RestCaller,
    @Body() { with: text, after, ...range }: ReplayBody,
    @Headers('accept') accept: string | undefined,
  ) {
    const query = { ...range, after, whatIf: text !== undefined };
    // What another policy would decide tells something about the arguments it decides on, so it is not for auditors.
    const readers: readonly Reader[] = text === undefined ? ['examiner', 'auditor'] : ['examiner'];
    // Behind its own record a run does not look: it would chase the end of the log.
    const until = await this.reading.record(caller, readers, 'replay', query);
    const wanted: ReplayRange = {
      ...range,
      until,
      ...(after === undefined ? {} : { after: BigInt(after) }),
      ...(text === undefined ? {} : { with: parse(text) }),
    };
    const replay = new Replay(this.ledger.store, this.bus);
    this.begin();
    if (accept?.includes(REPLAY_MEDIA_TYPE)) {
      const lines = ndjsonLines(replay.lines(wanted, { signal: this.closing.signal }));
      const stream = Readable.from(lines, { objectMode: false });
      // However it ends, also when the client is gone before the first line.
      stream.once('close', () => this.end());
      return new StreamableFile(stream, { type: REPLAY_MEDIA_TYPE });
    }
    try {
      const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(WHOLE_ANSWER_MS_MAX)]);
      return await replay.run(wanted, { signal });
    } finally {
      this.end();
    }
  }

  /** Runs under way end with a summary that says where to go on; connections are closed after this. */
  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    const until = performance.now() + GOODBYE_MS_MAX;
    while (this.under_way > 0 && performance.now() < until) await pause(GOODBYE_MS_MAX / 50);
  }

  private begin(): void {
    if (this.under_way >= REPLAYS_MAX)
      throw new CountersignError('busy', `${REPLAYS_MAX} replays are under way`);
    this.under_way += 1;
  }

  private end(): void {
    this.under_way -= 1;
  }
}

const parse = (text: string) => {
  try {
    return parsePolicyFile(text, 'with').bundle;
  } catch (error) {
    if (error instanceof PolicyFileError) throw new CountersignError('body_invalid', error.message);
    throw error;
  }
};
