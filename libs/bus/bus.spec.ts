import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '#contracts/contract.js';
import { CountersignError } from '#core/errors.js';
import { Answers } from './answers.js';
import { type Bus, NobodyAnswers } from './bus.js';
import { InProcessTransport, inProcessBus } from './in-process/in-process-bus.js';
import { natsBus } from './nats/nats-bus.js';
import { connectNats } from './nats/nats-connection.js';
import { NatsTransport } from './nats/nats-transport.js';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const define = <Request, Reply>(name: string, request: z.ZodType<Request>, reply: z.ZodType<Reply>) =>
  contract({
    subject: `test.${name}.v1`,
    answeredBy: 'policy',
    askedBy: ['ingress'],
    deadline_ms: 300,
    unavailable: 'policy_unavailable',
    request,
    reply,
  });

const echo = define(
  'echo',
  z.object({ bytes, note: z.string().optional() }),
  z.object({ bytes, note: z.string().optional() }),
);
const refuse = define('refuse', z.object({}), z.object({}));
const breakDown = define('break', z.object({}), z.object({}));
const sleep = define('sleep', z.object({}), z.object({}));
const lie = define('lie', z.object({}), z.object({ count: z.number() }));
const nobody = define('nobody', z.object({}), z.object({}));

@Controller()
class Service {
  @Answers(echo)
  echo(request: { bytes: Uint8Array; note?: string | undefined }) {
    return request;
  }
  @Answers(refuse)
  refuse(): Record<string, never> {
    throw new CountersignError('call_denied', 'by the test');
  }
  @Answers(breakDown)
  breakDown(): Record<string, never> {
    throw new TypeError('a secret detail');
  }
  @Answers(sleep)
  async sleep(): Promise<Record<string, never>> {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return {};
  }
  @Answers(lie)
  lie() {
    return { count: 'many' } as unknown as { count: number };
  }
}

@Module({ controllers: [Service] })
class ServiceModule {}

interface Shape {
  readonly bus: Bus;
  readonly bugs: readonly string[];
  readonly stop: () => Promise<void>;
}

const serve = async (transport: CustomTransportStrategy): Promise<() => Promise<void>> => {
  const app = await NestFactory.createMicroservice(ServiceModule, { strategy: transport, logger: false });
  await app.listen();
  return () => app.close();
};

const inProcess = async (): Promise<Shape> => {
  const bugs: string[] = [];
  const transport = new InProcessTransport((subject) => bugs.push(subject));
  const stop = await serve(transport);
  return { bus: inProcessBus(transport), bugs, stop };
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const overNats = async (): Promise<Shape> => {
  const port = await freePort();
  const server: ChildProcess = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  const servers = [`nats://127.0.0.1:${port}`];
  const [asking, answering] = await Promise.all([
    connectNats({ servers, name: 'asking' }),
    connectNats({ servers, name: 'answering' }),
  ]);
  const bugs: string[] = [];
  const stop = await serve(new NatsTransport(answering, 'policy', (subject) => bugs.push(subject)));
  const bus = natsBus(asking);
  return {
    bus,
    bugs,
    stop: async () => {
      await bus.close();
      await stop();
      await answering.close();
      server.kill('SIGKILL');
    },
  };
};

describe.each([
  ['in process', inProcess],
  ['over a real nats-server', overNats],
])('the bus %s', (title, open) => {
  let shape: Shape;
  beforeAll(async () => {
    shape = await open();
  });
  afterAll(() => shape.stop());
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'fulfilled',
      (error: unknown) => error,
    );

  it('carries bytes both ways unchanged', async () => {
    const sent = Uint8Array.from({ length: 100_000 }, (_value, index) => index % 256);
    const { bytes: back, note } = await shape.bus.request(echo, { bytes: sent });
    expect(Buffer.from(back).equals(sent)).toBe(true);
    expect(note).toBeUndefined();
  });

  it('hands on the code and detail of a refusal', async () => {
    expect(await failure(shape.bus.request(refuse, {}))).toMatchObject({
      code: 'call_denied',
      detail: 'by the test',
    });
  });

  it('makes a bug of the answerer an unavailable service, reported there and hidden here', async () => {
    const error = (await failure(shape.bus.request(breakDown, {}))) as Error;
    expect(error).toMatchObject({ code: 'policy_unavailable' });
    expect(error.message).not.toContain('secret');
    expect(shape.bugs).toContain(breakDown.subject);
  });

  it.each([
    ['nobody answers', () => shape.bus.request(nobody, {})],
    ['the answer is late', () => shape.bus.request(sleep, {})],
    ['the answer does not fit the contract', () => shape.bus.request(lie, {})],
  ])('refuses in time when %s', async (_title, ask) => {
    const started = performance.now();
    expect(await failure(ask())).toMatchObject({ code: 'policy_unavailable' });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('never says that nobody was there when somebody may have taken the request', async () => {
    expect(await failure(shape.bus.request(sleep, {}))).not.toBeInstanceOf(NobodyAnswers);
  });

  it('says that nobody was there to take a request where it can know', async () => {
    const error = await failure(shape.bus.request(nobody, {}));
    expect(error).toMatchObject({ code: 'policy_unavailable' });
    expect(error instanceof NobodyAnswers).toBe(title === 'over a real nats-server');
  });

  it('refuses a request that does not fit the contract before the handler sees it', async () => {
    const wrong = { bytes: 'text' } as unknown as { bytes: Uint8Array };
    expect(await failure(shape.bus.request(echo, wrong))).toMatchObject({ code: 'policy_unavailable' });
  });
});
