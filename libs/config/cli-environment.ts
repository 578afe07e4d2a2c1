import { ENVIRONMENT, OTHER_VARIABLES } from './environment.js';

/** COUNTERSIGN_TOKEN: the access token of a command that got no --user; empty counts as unset. */
export const tokenFromEnvironment = (): string | undefined => process.env['COUNTERSIGN_TOKEN'] || undefined;

/** Settings of ours, and what a parent process set for itself (npm). */
const NOT_HANDED_ON = new Set<string>([...Object.keys(ENVIRONMENT), ...OTHER_VARIABLES]);
const isNotHandedOn = (name: string): boolean => NOT_HANDED_ON.has(name) || name.startsWith('npm_');

export interface ChildEnvironment {
  /** Variables this child gets besides the ordinary ones of the machine. */
  readonly set: { readonly [variable: string]: string };
  /** Variables with secrets that this child may see; those of other children are left out. */
  readonly secrets: readonly string[];
  /** All variables that hold somebody's secret. */
  readonly everybodysSecrets: readonly string[];
}

/**
 * The environment of a process of the distributed shape. Our own settings are not handed on: they are in its
 * configuration file already, and laid over it a second time they would be the same for every service.
 */
export const childEnvironment = ({
  set,
  secrets,
  everybodysSecrets,
}: ChildEnvironment): NodeJS.ProcessEnv => {
  const withheld = (name: string) => everybodysSecrets.includes(name) && !secrets.includes(name);
  const kept = Object.entries(process.env).filter(([name]) => !isNotHandedOn(name) && !withheld(name));
  return { ...Object.fromEntries(kept), ...set };
};
