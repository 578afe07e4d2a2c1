import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/**
 * Structured log on stderr. Only codes, ids, counts and names are logged: call sites never hand over tokens, arguments
 * or results; the redaction list is the second net.
 */
export const createLogger = (service: string, level: string): Logger =>
  pino(
    {
      name: service,
      level,
      redact: {
        paths: [
          'token',
          'authorization',
          '*.authorization',
          '*.token',
          '*.password',
          'arguments',
          'result',
          '*.arguments',
          '*.result',
        ],
        censor: '[withheld]',
      },
      base: { service, pid: process.pid },
    },
    pino.destination({ dest: 2, sync: false }),
  );

/** Lets Nest write its own few lines through pino. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => logger.debug(String(message)),
  error: (message: unknown) => logger.error(String(message)),
  warn: (message: unknown) => logger.warn(String(message)),
  debug: (message: unknown) => logger.trace(String(message)),
  verbose: (message: unknown) => logger.trace(String(message)),
});

export type { Logger };
