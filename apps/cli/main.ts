#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { type Command, EXIT_FINE, EXIT_WRONG_INPUT, UsageError } from './command.js';
import { COMMANDS, overview } from './commands.js';
import { problemText } from './problem-text.js';

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h' || word === 'help';

/** @throws UsageError in the words of node:util when an option is unknown or lacks its value */
const parse = (command: Command, words: readonly string[]) => {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    return { values: values as { [option: string]: string | boolean | undefined }, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
};

const runCommand = async (command: Command, words: readonly string[]): Promise<number | undefined> => {
  const { values, positionals } = parse(command, words);
  if (values['help'] === true) {
    console.log(command.help);
    return EXIT_FINE;
  }
  const surplus = positionals[command.positionals_max];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`);
  return command.run({ values, positionals });
};

const main = async (words: readonly string[]): Promise<number | undefined> => {
  const [name, ...rest] = words;
  if (name === undefined || isHelp(name)) {
    console.log(overview());
    return name === undefined ? EXIT_WRONG_INPUT : EXIT_FINE;
  }
  const entry = COMMANDS.get(name);
  if (entry === undefined) {
    console.error(`countersign: there is no command "${name}".\n\n${overview()}`);
    return EXIT_WRONG_INPUT;
  }
  const command = await entry.load();
  try {
    return await runCommand(command, rest);
  } catch (error) {
    const help = error instanceof UsageError ? `\n\n${command.help}` : '';
    console.error(`countersign ${name}: ${problemText(error)}${help}`);
    return EXIT_WRONG_INPUT;
  }
};

const code = await main(process.argv.slice(2));
// A server that failed to start may still hold a port or a child: the process ends here, not when they let go.
if (code !== undefined) process.exit(code);
