/** Bounds of what waits for the disk; beyond them appends are refused at once instead of piling up. */
const WAITING_APPENDS_MAX = 16_384;
const WAITING_BYTES_MAX = 512 * 1024 * 1024;

export interface WaitingLoad {
  /** False, and nothing counted, when there is no room. */
  add(bytes: number): boolean;
  remove(appends: readonly { readonly bytes: number }[]): void;
  /** Fulfils when nothing waits. */
  drained(): Promise<void>;
}

export const createWaitingLoad = (): WaitingLoad => {
  let appends = 0;
  let bytes = 0;
  const idle: (() => void)[] = [];
  return {
    add: (more) => {
      if (appends >= WAITING_APPENDS_MAX || bytes + more > WAITING_BYTES_MAX) return false;
      appends += 1;
      bytes += more;
      return true;
    },
    remove: (settled) => {
      appends -= settled.length;
      for (const append of settled) bytes -= append.bytes;
      if (appends === 0) for (const resolve of idle.splice(0)) resolve();
    },
    drained: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (appends === 0) resolve();
      else idle.push(resolve);
      return promise;
    },
  };
};
