import { randomUUID } from 'node:crypto';
import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  type ExceptionFilter,
  HttpException,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { Bus } from '#bus/bus.js';
import { CountersignError, ERRORS, type ErrorCode } from '#core/errors.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { recordRefusal } from './record-refusal.js';

/** RFC 9457 problem details with our stable code. */
export const problemOf = (code: ErrorCode, detail?: string) => ({
  type: 'about:blank',
  title: ERRORS[code].says,
  status: ERRORS[code].http < 400 ? 409 : ERRORS[code].http,
  code,
  next: ERRORS[code].next,
  ...(detail === undefined ? {} : { detail }),
});

const INSTANCE = randomUUID();
/** Refused before any controller saw it; `not_found` for addresses that nothing answers at, which is how doors are looked for. */
const UNSEEN: ReadonlySet<ErrorCode> = new Set([
  'body_invalid',
  'body_too_large',
  'json_malformed',
  'media_type_refused',
  'not_found',
]);

/** The last resort of every REST edge: stable codes out, unexpected errors into the log and nothing of them to the caller. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly bus: Bus,
    private readonly resourceServer: ResourceServer,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) return;
    const problem = this.problem(error);
    if (error instanceof CountersignError)
      void reply.headers(this.resourceServer.challenge(error, this.resourceServer.rest()));
    else if (UNSEEN.has(problem.code)) this.record(problem.code);
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify(problem));
  }

  /** What was refused before any controller saw it (promise G6); the answer does not wait for the record. */
  private record(code: ErrorCode): void {
    recordRefusal(this.bus, INSTANCE, { code, where: 'rest', about: {} }).catch(() =>
      this.logger.error({ code }, 'a refusal could not be recorded'),
    );
  }

  private problem(error: unknown): ReturnType<typeof problemOf> {
    if (error instanceof CountersignError) return problemOf(error.code, error.detail);
    if (error instanceof BadRequestException) return problemOf('body_invalid', messagesOf(error));
    if (error instanceof HttpException && error.getStatus() === 404) return problemOf('not_found');
    const fastifyCode = (error as { code?: unknown }).code;
    if (fastifyCode === 'FST_ERR_CTP_BODY_TOO_LARGE') return problemOf('body_too_large');
    if (fastifyCode === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return problemOf('media_type_refused');
    if (typeof fastifyCode === 'string' && fastifyCode.startsWith('FST_ERR_CTP'))
      return problemOf('json_malformed');
    if (error instanceof HttpException && error.getStatus() < 500) return problemOf('body_invalid');
    this.logger.error({ err: error }, 'unexpected error at a REST edge');
    return problemOf('internal');
  }
}

const messagesOf = (error: BadRequestException): string => {
  const response = error.getResponse() as { message?: unknown };
  return Array.isArray(response.message) ? response.message.join('; ') : 'the body is not valid';
};
