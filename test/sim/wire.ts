import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { Handler } from './network.js';

type Token = unknown;
interface Provided {
  readonly provide: Token;
  readonly inject?: readonly Token[];
  readonly useFactory: (...given: readonly unknown[]) => unknown;
}

/**
 * What a Nest module provides, made as Nest makes it, one by one and at once: thousands of processes are started here.
 * `given` goes first. Only what is asked for is made.
 */
export const wire = (module: Type, given: ReadonlyMap<Token, unknown>) => {
  const made = new Map<Token, unknown>(given);
  const providers = Reflect.getMetadata('providers', module) as readonly (Type | Provided)[];
  const make = (token: Token): unknown => {
    const provider = providers.find((one) => typeof one !== 'function' && one.provide === token);
    if (provider !== undefined && typeof provider !== 'function')
      return provider.useFactory(...(provider.inject ?? []).map(get));
    if (typeof token !== 'function') throw new Error(`nobody provides ${String(token)}`);
    const type = token as Type;
    const params = (Reflect.getMetadata('self:paramtypes', type) ?? []) as { index: number; param: Token }[];
    const inOrder = params.toSorted((a, b) => a.index - b.index).map(({ param }) => get(param));
    return new type(...inOrder);
  };
  const get = (token: Token): unknown => {
    if (!made.has(token)) made.set(token, make(token));
    return made.get(token);
  };
  return <T>(type: Type<T>): T => get(type) as T;
};

/** The methods of controllers that answer contracts, by subject. */
export const handlersOf = (...controllers: readonly object[]): ReadonlyMap<string, Handler> =>
  new Map(
    controllers.flatMap((controller) => {
      const prototype = Object.getPrototypeOf(controller) as Record<string, Handler>;
      return Object.getOwnPropertyNames(prototype).flatMap((name): [string, Handler][] => {
        const method = prototype[name];
        const [subject] = (typeof method === 'function' &&
          (Reflect.getMetadata('microservices:pattern', method) as string[] | undefined)) || [undefined];
        return subject === undefined || method === undefined ? [] : [[subject, method.bind(controller)]];
      });
    }),
  );
