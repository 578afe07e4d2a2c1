import { Controller, Get, Header, HttpCode, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { WithoutToken } from '#http/rest-caller.js';
import { registry } from '#telemetry/metrics.js';
import { degradedParts } from './degraded.js';

/** Named checks of what this service needs to do its work; each must settle within two seconds. */
export type ReadinessChecks = { readonly [name: string]: () => Promise<unknown> };
export const READINESS = Symbol('READINESS');

/** For probes inside the network, which name the process by address and have no token. */
@Controller()
@WithoutToken()
export class HealthHttp {
  constructor(@Inject(READINESS) private readonly checks: ReadinessChecks) {}

  /** The process answers. */
  @Get('healthz')
  healthz() {
    return { status: 'ok' };
  }

  /** Everything this service needs answers; 503 names what does not. `degraded`: what calls do not wait for. */
  @Get('readyz')
  async readyz(@Res({ passthrough: true }) reply: FastifyReply) {
    const names = Object.keys(this.checks);
    const results = await Promise.allSettled(names.map((name) => this.checks[name]?.()));
    const missing = names.filter((_, index) => results[index]?.status === 'rejected');
    const degraded = degradedParts();
    if (missing.length === 0)
      return Object.keys(degraded).length === 0 ? { status: 'ready' } : { status: 'ready', degraded };
    void reply.status(503);
    return { status: 'not ready', missing };
  }

  @Get('metrics')
  @HttpCode(200)
  @Header('content-type', registry.contentType)
  metrics() {
    return registry.metrics();
  }
}
