import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { WithoutToken } from '#http/rest-caller.js';
import { TeamsBot } from './teams-bot.js';

/** Where Bot Framework sends what happens in Teams. Its tokens are not ours: the bot verifies them. */
@Controller('approvals/teams')
@WithoutToken()
export class TeamsHttp {
  constructor(@Inject(TeamsBot) private readonly bot: TeamsBot) {}

  @Post('messages')
  @HttpCode(200)
  async messages(@Req() request: FastifyRequest, @Body() body: unknown) {
    return (await this.bot.receive(request.raw, body)) ?? {};
  }
}
