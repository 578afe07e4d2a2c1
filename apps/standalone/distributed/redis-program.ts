import { childEnvironment } from '#config/cli-environment.js';
import { newSecret } from './nats-program.js';
import { findProgram, type Program } from './programs.js';

export interface RedisProgram {
  readonly program: Program;
  /** With its password: for the approval service alone. */
  readonly url: string;
}

/** redis-server on loopback, keeping nothing: timers are rebuilt from the log. Its configuration comes on standard input. */
export const redisProgram = (port: number): RedisProgram => {
  const password = newSecret();
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    'save ""',
    'appendonly no',
    // BullMQ must not lose a job to memory pressure without anybody noticing.
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    program: {
      name: 'redis',
      command: findProgram('redis-server', 'redis-server'),
      args: ['-'],
      env: childEnvironment({ set: {}, secrets: [], everybodysSecrets: [] }),
      input: `${settings.join('\n')}\n`,
      ready: /Ready to accept connections/,
      logs: false,
    },
  };
};
