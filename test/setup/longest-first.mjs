// The order in which vitest takes the spec files: those that run for long first, so that none is left alone at the end.
import { statSync } from 'node:fs';

/** From about half a minute up, the longest first; what others take is about in proportion to their size. */
const LONGEST = [
  'test/fault/kill.spec.js',
  'test/e2e/clients/held.spec.js',
  'test/sim/schedules.spec.js',
  'test/conformance/server.spec.js',
  'test/model/model.spec.js',
  'test/attack/attack.spec.js',
  'test/e2e/clients/programs.spec.js',
  'test/fault/log-faults.spec.js',
  'test/e2e/grants.spec.js',
  'test/fault/timers.spec.js',
  'test/fault/frozen.spec.js',
];

const rankOf = ({ moduleId }) => {
  const at = LONGEST.findIndex((file) => moduleId.endsWith(`/dist/${file}`));
  return at < 0 ? LONGEST.length : at;
};
const sizeOf = ({ moduleId }) => statSync(moduleId).size;

export default class LongestFirst {
  sort(files) {
    return [...files].sort((one, other) => rankOf(one) - rankOf(other) || sizeOf(other) - sizeOf(one));
  }

  /** `--shard` is not used. */
  shard(files) {
    return files;
  }
}
