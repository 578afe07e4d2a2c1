import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY_MIB_MAX = 900;
const DEPTH_MAX = 10_000;
const TIME_MS_MAX = 120_000;

export interface Check {
  /** In this folder's sources: dist holds compiled code only. */
  readonly model: string;
  /** Names that the model is compiled with. */
  readonly defines?: readonly string[];
  /** The name of its LTL property; absent: assertions and that nothing waits for ever where it must not. */
  readonly property?: string;
  /** Ends at an error that is soon found, so that compiling well takes longer than it saves. */
  readonly isShort?: boolean;
}

export interface Verdict {
  /** False when the memory or the depth did not suffice to see every state. */
  readonly isExhaustive: boolean;
  readonly errors: number;
  readonly states: number;
  /** What the verifier says first of the error. */
  readonly error: string;
}

/** Every state of a model, by Spin: generated, compiled and run in a folder of its own. */
export const verify = ({ model, defines = [], property, isShort = false }: Check): Verdict => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-model-'));
  const run = (command: string, ...args: readonly string[]): void => {
    execFileSync(command, args, { cwd: folder, stdio: 'pipe', timeout: TIME_MS_MAX });
  };
  try {
    run('spin', '-a', ...defines.map((name) => `-D${name}`), join(MODELS, model));
    const search = property === undefined ? ['-DSAFETY', '-DNOCLAIM'] : ['-DNFAIR=3'];
    run(
      'gcc',
      isShort ? '-O0' : '-O1',
      '-w',
      '-DCOLLAPSE',
      `-DMEMLIM=${MEMORY_MIB_MAX}`,
      ...search,
      '-o',
      'pan',
      'pan.c',
    );
    // Weak fairness: whoever can always go on does so at some time.
    const goal = property === undefined ? [] : ['-a', '-f', '-N', property];
    const { stdout } = spawnSync(join(folder, 'pan'), [`-m${DEPTH_MAX}`, ...goal], {
      cwd: folder,
      encoding: 'utf8',
      timeout: TIME_MS_MAX,
    });
    return read(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const MODELS = new URL('../../../test/model/', import.meta.url).pathname;

const read = (output: string): Verdict => ({
  isExhaustive: !/Search not completed|max search depth too small/.test(output),
  errors: Number(/errors: (\d+)/.exec(output)?.[1] ?? Number.NaN),
  states: Number(/([\d.e+]+) states, stored/.exec(output)?.[1] ?? Number.NaN),
  error: /^pan:\d+: (.*)$/m.exec(output)?.[1] ?? '',
});
