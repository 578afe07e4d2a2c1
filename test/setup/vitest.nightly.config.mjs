// Everything, the long suites included.
import base from '../vitest.config.mjs';

export default { ...base, test: { ...base.test, exclude: [], testTimeout: 600_000 } };
