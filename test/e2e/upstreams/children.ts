import { execFileSync } from 'node:child_process';

/** Process ids of all programs below a process whose command line holds a text. */
export const programsBelow = (pid: number, text: string): readonly number[] => {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  const all = lines.map((line) => {
    const [own = '', parent = '', ...args] = line.trim().split(/\s+/);
    return { pid: Number(own), parent: Number(parent), args: args.join(' ') };
  });
  const below = (parent: number): readonly (typeof all)[number][] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid)
    .filter(({ args }) => args.includes(text))
    .map((one) => one.pid);
};
