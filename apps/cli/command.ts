import type { ParseArgsOptionsConfig } from 'node:util';

export const EXIT_FINE = 0;
/** A difference, a broken proof, a failing policy test, a check of the demo that did not hold. */
export const EXIT_FINDING = 1;
/** Wrong usage or input, or a system that cannot be reached. */
export const EXIT_WRONG_INPUT = 2;

export type OptionValues = { readonly [option: string]: string | boolean | undefined };

export interface Invocation {
  readonly values: OptionValues;
  readonly positionals: readonly string[];
}

export interface Command {
  /** Shown by --help; the first line says how it is called. */
  readonly help: string;
  /** Options of node:util parseArgs; `--help` is added to each command. */
  readonly options: ParseArgsOptionsConfig;
  /** How many words may follow the command. */
  readonly positionals_max: number;
  /** The exit code; undefined leaves the process running (a server). @throws UsageError, InputError */
  run(invocation: Invocation): Promise<number | undefined>;
}

/** The command line itself is wrong; its help is shown with the message. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was given cannot be used: a file, a server, an answer. The message says what to do next. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export const textOption = ({ values }: Invocation, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

/** @throws UsageError */
export const requiredOption = (invocation: Invocation, name: string, hint: string): string => {
  const value = textOption(invocation, name);
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing: ${hint}`);
  return value;
};

/** @throws UsageError */
export const requiredWord = ({ positionals }: Invocation, name: string): string => {
  const [word] = positionals;
  if (word === undefined || word === '') throw new UsageError(`${name} is missing`);
  return word;
};

/** @throws UsageError for anything but a port number; 0 means a free port */
export const portOption = (invocation: Invocation): number | undefined => {
  const text = textOption(invocation, 'port');
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new UsageError(`--port ${text}: expected 0 to 65535`);
  return Number(text);
};
