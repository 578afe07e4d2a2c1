import { UseFilters } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Contract } from '#contracts/contract.js';
import { ErrorsAsTheyAre } from './error-filter.js';

type Handler<Request, Reply> = (request: Request) => Promise<Reply> | Reply;

/** Nest's message handler for one contract. The compiler checks that the method takes its request and gives its reply. */
export const Answers =
  <Request, Reply>(contract: Contract<Request, Reply>) =>
  <Method extends Handler<Request, Reply>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    contracts.set(contract.subject, contract as Contract<unknown, unknown>);
    MessagePattern(contract.subject)(target, key, descriptor);
    UseFilters(ErrorsAsTheyAre)(target, key, descriptor);
  };

const contracts = new Map<string, Contract<unknown, unknown>>();

/** The contract a registered subject belongs to; transports validate requests with it. */
export const contractOf = (subject: string): Contract<unknown, unknown> | undefined => contracts.get(subject);
