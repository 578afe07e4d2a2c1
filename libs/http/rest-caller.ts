import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
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
import type { Caller } from '#identity/caller.js';
import type { ResourceServer } from '#identity/resource-server.js';
import type { OriginCheck } from './check-origin.js';
import { recordRefusal } from './record-refusal.js';

const INSTANCE = randomUUID();
export const RESOURCE_SERVER = Symbol('RESOURCE_SERVER');
export const ORIGIN_CHECK = Symbol('ORIGIN_CHECK');

export interface RestCaller extends Caller {
  readonly roles: readonly string[];
}

/** Authenticates a REST request and asks policy for the caller's roles. */
@Injectable()
export class RestCallers implements PipeTransform<IncomingMessage, Promise<RestCaller>> {
  constructor(
    @Inject(RESOURCE_SERVER) private readonly resourceServer: ResourceServer,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(ORIGIN_CHECK) private readonly checkOrigin: OriginCheck,
  ) {}

  async transform(request: IncomingMessage): Promise<RestCaller> {
    const caller = await this.authenticate(request);
    const { roles } = await this.bus.request(policyRoles, { groups: [...caller.groups] });
    return { ...caller, roles };
  }

  /** A refusal is on record like every other (promise G6), without the token. */
  private async authenticate(request: IncomingMessage): Promise<Caller> {
    const resource = this.resourceServer.rest();
    let caller: Caller | undefined;
    try {
      this.checkOrigin(request);
      caller = await this.resourceServer.authenticate(request, resource);
      this.resourceServer.requireScopes(caller, resource.scopes);
      return caller;
    } catch (error) {
      if (error instanceof CountersignError) {
        const { code, detail = null } = error;
        const refusal = { code, where: 'rest', about: { detail }, ...(caller && { caller }) };
        await recordRefusal(this.bus, INSTANCE, refusal).catch(() => undefined);
      }
      throw error;
    }
  }
}

const Request = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<FastifyRequest>().raw;
});

/** `@WhoCalls() caller: RestCaller` in a controller method. */
export const WhoCalls = (): ParameterDecorator => Request(RestCallers);

/** @throws CountersignError forbidden */
export const requireRole = (caller: RestCaller, oneOf: readonly string[]): void => {
  if (!caller.roles.some((role) => oneOf.includes(role)))
    throw new CountersignError('forbidden', `one of these roles is needed: ${oneOf.join(', ')}`);
};
