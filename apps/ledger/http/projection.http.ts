import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { type RestCaller, WhoCalls } from '#http/rest-caller.js';
import { Projection } from '../projection/projection.js';
import { type Reader, Reading } from './reading.js';

const ANY: readonly Reader[] = ['operator', 'examiner', 'auditor'];

/** State of the read model; it holds no truth, so an operator may throw it away at any time. */
@Controller('ledger/projection')
export class ProjectionHttp {
  constructor(
    @Inject(Projection) private readonly projection: Projection,
    @Inject(Reading) private readonly reading: Reading,
  ) {}

  /** `head` is the end of the log now: the record of this very read. */
  @Get()
  async progress(@WhoCalls() caller: RestCaller) {
    return this.state(await this.reading.record(caller, ANY, 'projection', {}));
  }

  /** Comes back at once; building goes on. */
  @Post('rebuild')
  @HttpCode(202)
  async rebuild(@WhoCalls() caller: RestCaller) {
    const head = await this.reading.record(caller, ['operator'], 'projection-rebuild', {});
    await this.projection.rebuild();
    return this.state(head);
  }

  private async state(head: bigint) {
    const { version, position, calls, unknown, index } = await this.projection.progress();
    const behind = (at: string | null): string => String(head - BigInt(at ?? 0));
    return {
      version,
      head: head.toString(),
      position,
      /** In positions of the store. */
      behind: behind(position),
      building: this.projection.isCatchingUp,
      calls,
      unknown,
      values: { ...index, behind: behind(index.position) },
    };
  }
}
