import { type DistributedOptions, startDistributed } from './distributed/start-distributed.js';
import { welcome } from './distributed/welcome.js';

/**
 * Runs the distributed shape until SIGTERM or SIGINT, then ends every process in order. A second signal, or one during
 * the start, ends this process at once; the guard ends the others.
 * @throws ConfigError, LaunchError
 */
export const mainDistributed = async (options: Omit<DistributedOptions, 'report' | 'log'>): Promise<void> => {
  let stop: (() => Promise<void>) | undefined;
  const onSignal = (): void => {
    if (stop === undefined) process.exit(1);
    const ordered = stop;
    stop = undefined;
    ordered().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const system = await startDistributed({
    ...options,
    report: (text) => console.error(`countersign: ${text}`),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  stop = system.stop;
  console.log(welcome(system));
};
