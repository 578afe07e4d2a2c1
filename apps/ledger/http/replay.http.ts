import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { BUS, type Bus } from '#bus/bus.js';
import { CountersignError } from '#core/errors.js';
import { type RestCaller, requireRole, WhoCalls } from '#http/rest-caller.js';
import { PolicyFileError, parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { Ledger } from '../ledger.js';
import { recordRead } from '../record-read.js';
import { Replay } from '../replay/replay.js';
import { EXAMINER_ROLES } from './ledger.http.js';
import { ReplayBody } from './replay.queries.js';

/** Runs recorded decisions and maskings again for an examiner; the run is on record before it begins (promise G6). */
@Controller('ledger')
export class ReplayHttp {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(EXAMINER_ROLES) private readonly examiners: readonly string[],
  ) {}

  @Post('replay')
  @HttpCode(200)
  async replay(@WhoCalls() caller: RestCaller, @Body() body: ReplayBody) {
    const { with: text, ...range } = body;
    const allowed = caller.roles.some((role) => this.examiners.includes(role));
    const query = { ...range, whatIf: text !== undefined };
    await recordRead(this.ledger, caller, { what: 'replay', query, allowed });
    requireRole(caller, this.examiners);
    return new Replay(this.ledger.store, this.bus).run({
      ...range,
      ...(text === undefined ? {} : { with: parse(text) }),
    });
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
