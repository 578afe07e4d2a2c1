import { readFileSync } from 'node:fs';
import type { Config } from './config.schema.js';
import { type ConfigSource, loadConfig } from './load-config.js';

/** Tells of a changed configuration file. What was invalid is told, and the old configuration stays. */
export interface ConfigWatch {
  /** Must not throw. One listener; the last one set. */
  onChange(listener: (config: Config) => void): void;
  onInvalid(listener: (error: Error) => void): void;
  close(): void;
}

/** For services that read their configuration once. */
export const UNWATCHED: ConfigWatch = {
  onChange: () => undefined,
  onInvalid: () => undefined,
  close: () => undefined,
};

const LOOK_MS = 500;

/**
 * Reads the file twice a second (that also sees files that are replaced or linked elsewhere, as in Kubernetes) and on
 * SIGHUP, after which it counts as changed even if it is not: what it refers to may be. A file that is just being
 * written is left alone: it must be the same at two looks.
 */
export const watchConfig = (
  source: ConfigSource,
  adapt = (config: Config): Config => config,
): ConfigWatch => {
  let changed: (config: Config) => void = () => undefined;
  let invalid: (error: Error) => void = () => undefined;
  let taken = contentOf(source.file);
  let seen = taken;
  const take = (content: string): void => {
    taken = content;
    try {
      changed(adapt(loadConfig(source)));
    } catch (error) {
      invalid(error as Error);
    }
  };
  const look = (): void => {
    const content = contentOf(source.file);
    if (content === seen && content !== taken) take(content);
    seen = content;
  };
  const onHangup = (): void => take(contentOf(source.file));
  const timer = setInterval(look, LOOK_MS).unref();
  process.on('SIGHUP', onHangup);
  return {
    onChange: (listener) => {
      changed = listener;
    },
    onInvalid: (listener) => {
      invalid = listener;
    },
    close: () => {
      clearInterval(timer);
      process.off('SIGHUP', onHangup);
    },
  };
};

const contentOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Between two names for a moment, or gone: reading it says which.
    return '';
  }
};
