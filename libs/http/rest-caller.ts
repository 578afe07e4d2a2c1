import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
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
export const REST_AUDIENCE = Symbol('REST_AUDIENCE');

export interface RestCaller extends Caller {
  readonly roles: readonly string[];
  /** Whose delegates these roles let the caller be, by the policy of now. Absent: nobody's. */
  readonly actsFor?: readonly string[];
}

/** With the roles of this moment. @throws CountersignError policy_unavailable */
export const withRoles = async (bus: Bus, caller: Caller): Promise<RestCaller> => ({
  ...caller,
  ...(await bus.request(policyRoles, { groups: [...caller.groups] })),
});

const WITHOUT_TOKEN = Symbol('WITHOUT_TOKEN');

/** Marks a controller or route as open to everybody; all others need a token. */
export const WithoutToken = () => SetMetadata(WITHOUT_TOKEN, true);

const OPENABLE = Symbol('OPENABLE');
export const OPEN_TO_ALL = Symbol('OPEN_TO_ALL');

/** Routes that the configuration may open to everybody. */
export type Openable = 'log_tiles';
/** Whether it has. */
export type OpenToAll = (name: Openable) => boolean;

/** Marks a route that needs a token unless the configuration says otherwise. */
export const WithoutTokenIf = (name: Openable) => SetMetadata(OPENABLE, name);

const callers = new WeakMap<IncomingMessage, RestCaller>();

const requestOf = (context: ExecutionContext): IncomingMessage =>
  context.switchToHttp().getRequest<FastifyRequest>().raw;

/**
 * Authenticates every REST request and asks policy for the caller's roles, before its body or query is looked at. Guards
 * all routes of the process unless they say otherwise, so that a new route is not open by oversight.
 */
@Injectable()
export class RestGuard implements CanActivate {
  constructor(
    @Inject(RESOURCE_SERVER) private readonly resourceServer: ResourceServer,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(ORIGIN_CHECK) private readonly checkOrigin: OriginCheck,
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(OPEN_TO_ALL) private readonly isOpen: OpenToAll,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // The handlers of the bus have a guard of their own: the permissions of its users.
    if (context.getType() !== 'http') return true;
    if (this.reflector.getAllAndOverride(WITHOUT_TOKEN, [context.getHandler(), context.getClass()]))
      return true;
    const openable = this.reflector.get<Openable | undefined>(OPENABLE, context.getHandler());
    if (openable !== undefined && this.isOpen(openable)) return true;
    const request = requestOf(context);
    callers.set(request, await withRoles(this.bus, await this.authenticate(request)));
    return true;
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

/** `@WhoCalls() caller: RestCaller` in a controller method. @throws CountersignError token_missing at a route without token */
export const WhoCalls = createParamDecorator((_: unknown, context: ExecutionContext): RestCaller => {
  const caller = callers.get(requestOf(context));
  if (caller === undefined) throw new CountersignError('token_missing');
  return caller;
});

/** Undefined at a route that the configuration has opened to everybody. */
export const WhoCallsIfAny = createParamDecorator(
  (_: unknown, context: ExecutionContext): RestCaller | undefined => callers.get(requestOf(context)),
);

/** @throws CountersignError forbidden */
export const requireRole = (caller: RestCaller, oneOf: readonly string[]): void => {
  if (!caller.roles.some((role) => oneOf.includes(role)))
    throw new CountersignError('forbidden', `one of these roles is needed: ${oneOf.join(', ')}`);
};
