import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  type ExceptionFilter,
  HttpException,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { CountersignError, ERRORS, type ErrorCode } from '#core/errors.js';
import { wwwAuthenticate } from '#identity/protected-resource.js';

/** RFC 9457 problem details with our stable code. */
export const problemOf = (code: ErrorCode, detail?: string) => ({
  type: 'about:blank',
  title: ERRORS[code].says,
  status: ERRORS[code].http < 400 ? 409 : ERRORS[code].http,
  code,
  next: ERRORS[code].next,
  ...(detail === undefined ? {} : { detail }),
});

/** The last resort of every REST edge: stable codes out, unexpected errors into the log and nothing of them to the caller. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    /** Of the REST edges: 401 names the metadata document of this resource (RFC 9728 section 5.1). */
    private readonly resource: () => string,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) return;
    const problem = this.problem(error);
    if (problem.status === 401) {
      const challenge = wwwAuthenticate({ resource: this.resource(), code: problem.code });
      void reply.header('www-authenticate', challenge);
    }
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify(problem));
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
