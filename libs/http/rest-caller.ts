import { randomUUID } from 'node:crypto';
import {
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type PipeTransform,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BUS, type Bus } from '#bus/bus.js';
import { policyRoles } from '#contracts/policy.js';
import { CountersignError } from '#core/errors.js';
import { bearerToken } from '#identity/bearer-token.js';
import type { Caller } from '#identity/caller.js';
import type { TokenVerifier } from '#identity/token-verifier.js';
import { recordRefusal } from './record-refusal.js';

const INSTANCE = randomUUID();
export const VERIFIER = Symbol('VERIFIER');
export const REST_AUDIENCE = Symbol('REST_AUDIENCE');

export interface RestCaller extends Caller {
  readonly roles: readonly string[];
}

/** Verifies the bearer token of a REST request and asks policy for the caller's roles. */
@Injectable()
export class RestCallers implements PipeTransform<string | undefined, Promise<RestCaller>> {
  constructor(
    @Inject(VERIFIER) private readonly verifier: TokenVerifier,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(REST_AUDIENCE) private readonly audience: () => string,
  ) {}

  async transform(authorization: string | undefined): Promise<RestCaller> {
    const caller = await this.authenticate(authorization);
    const { roles } = await this.bus.request(policyRoles, { groups: [...caller.groups] });
    return { ...caller, roles };
  }

  /** A refused token is on record like every other refusal (promise G6), without the token. */
  private async authenticate(authorization: string | undefined): Promise<Caller> {
    try {
      return await this.verifier.verify(bearerToken(authorization), this.audience());
    } catch (error) {
      if (error instanceof CountersignError) {
        const refusal = { code: error.code, where: 'rest', about: { detail: error.detail ?? null } };
        await recordRefusal(this.bus, INSTANCE, refusal).catch(() => undefined);
      }
      throw error;
    }
  }
}

const Authorization = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<FastifyRequest>().headers.authorization;
});

/** `@WhoCalls() caller: RestCaller` in a controller method. */
export const WhoCalls = (): ParameterDecorator => Authorization(RestCallers);

/** @throws CountersignError forbidden */
export const requireRole = (caller: RestCaller, oneOf: readonly string[]): void => {
  if (!caller.roles.some((role) => oneOf.includes(role)))
    throw new CountersignError('forbidden', `one of these roles is needed: ${oneOf.join(', ')}`);
};
