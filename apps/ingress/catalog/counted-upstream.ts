import { CountersignError } from '#core/errors.js';
import type { Upstream } from '#mcp/upstream/upstream.types.js';

/** An upstream that can be taken out of service without cutting off what is under way. */
export interface CountedUpstream extends Upstream {
  /** From now on requests are refused with upstream_unavailable; closes when the last one is over, or after `drain_ms_max`. */
  drain(drain_ms_max: number): Promise<void>;
}

export const countedUpstream = (upstream: Upstream): CountedUpstream => {
  let running = 0;
  let draining = false;
  let idle: () => void = () => undefined;
  const whenIdle = new Promise<void>((resolve) => {
    idle = resolve;
  });
  return {
    name: upstream.name,
    state: () => upstream.state(),
    server: () => upstream.server(),
    list: (kind, signal) => upstream.list(kind, signal),
    onListChanged: (listener) => upstream.onListChanged(listener),
    onResourceUpdated: (listener) => upstream.onResourceUpdated(listener),
    watch: (uri) => upstream.watch(uri),
    unwatch: (uri) => upstream.unwatch(uri),
    onTaskChanged: (listener) => upstream.onTaskChanged(listener),
    watchTask: (taskId) => upstream.watchTask(taskId),
    unwatchTask: (taskId) => upstream.unwatchTask(taskId),
    close: () => upstream.close(),
    request: async (method, paramsBytes, options) => {
      if (draining)
        throw new CountersignError('upstream_unavailable', `${upstream.name} was changed or removed`);
      running += 1;
      try {
        return await upstream.request(method, paramsBytes, options);
      } finally {
        running -= 1;
        if (draining && running === 0) idle();
      }
    },
    drain: async (drain_ms_max) => {
      draining = true;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, drain_ms_max);
      });
      if (running > 0) await Promise.race([whenIdle, late]);
      clearTimeout(timer);
      await upstream.close();
    },
  };
};
