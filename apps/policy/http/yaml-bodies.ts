import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { CountersignError } from '#core/errors.js';

const YAML = ['application/yaml', 'text/yaml'];
const TAKES_YAML = '/policy/proposals';

/** A proposal may come as the file itself, its reason in a header: no address has it, which proxies write into their logs. */
@Injectable()
export class YamlBodies {
  constructor(@Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost) {
    const fastify: FastifyInstance = httpAdapter.getInstance();
    fastify.addContentTypeParser(YAML, { parseAs: 'string' }, (request, policy, done) => {
      if (request.routeOptions.url !== TAKES_YAML)
        return done(new CountersignError('media_type_refused', 'Content-Type'));
      const { 'countersign-reason': encoded } = request.headers;
      try {
        done(null, { policy, ...(typeof encoded === 'string' && { reason: decodeURIComponent(encoded) }) });
      } catch {
        done(new CountersignError('body_invalid', 'Countersign-Reason is no percent-encoded UTF-8'));
      }
    });
  }
}
