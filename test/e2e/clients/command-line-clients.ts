import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '../support/agents.js';
import {
  type ConnectedClient,
  type Outcome,
  outcomeOf,
  type RealClient,
  type ToolAnswer,
  textsIn,
} from './real-client.js';
import { programOf } from './real-programs.js';
import { type Run, runProgram } from './run-program.js';

type Input = Record<string, unknown>;

const parsed = <Output>({ stdout, stderr, exitCode }: Run): Output => {
  try {
    return JSON.parse(stdout) as Output;
  } catch {
    throw new Error(`no JSON, exit code ${exitCode}: ${stdout}\n${stderr}`);
  }
};

/** A command line tells a failed call apart by its exit code or by the result that it prints. */
const outcome = (run: Run, answer: ToolAnswer): Outcome => {
  const { isError, text } = outcomeOf(answer);
  return { isError: isError || run.exitCode !== 0, text: `${text}\n${run.stderr}` };
};

const newHome = async (folder: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  return mkdtemp(join(folder, 'home-'));
};

interface Named {
  readonly name: string;
}
interface Located {
  readonly uri: string;
}
interface Prompt {
  readonly messages: readonly { readonly content: unknown }[];
}
interface Resource {
  readonly contents: readonly unknown[];
}

/** Each command is a process of its own, with a connection of its own. */
const inspector = (name: string, revision: '2025-11-25' | '2026-07-28'): RealClient => ({
  name,
  package: '@modelcontextprotocol/inspector',
  revision,
  features: ['prompts', 'resources'],
  connect: async ({ url, token }: Connection, folder: string): Promise<ConnectedClient> => {
    const home = await newHome(folder);
    const program = programOf('@modelcontextprotocol/inspector', 'inspector');
    const era = revision === '2026-07-28' ? 'modern' : 'legacy';
    const common = ['--cli', url, '--transport', 'http', '--header', `Authorization: Bearer ${token}`];
    const run = (method: string, args: readonly string[] = []): Promise<Run> =>
      runProgram(
        program,
        [...common, '--protocol-era', era, '--format', 'json', '--quiet', '--method', method, ...args],
        home,
      );
    const ask = async <Result>(method: string, args?: readonly string[]): Promise<Result> =>
      parsed<{ readonly result: Result }>(await run(method, args)).result;
    return {
      tools: async () =>
        (await ask<{ tools: readonly Named[] }>('tools/list')).tools.map(({ name: tool }) => tool),
      call: async (tool, input) => {
        const args = ['--tool-name', tool, '--tool-args-json', JSON.stringify(input)];
        const ended = await run('tools/call', args);
        return outcome(ended, parsed<{ readonly result: ToolAnswer }>(ended).result);
      },
      prompts: async () =>
        (await ask<{ prompts: readonly Named[] }>('prompts/list')).prompts.map(({ name: prompt }) => prompt),
      prompt: async (prompt, input) => {
        const pairs = Object.entries(input).map(([key, value]) => `${key}=${value}`);
        const { messages } = await ask<Prompt>('prompts/get', [
          '--prompt-name',
          prompt,
          '--prompt-args',
          ...pairs,
        ]);
        return textsIn(messages.map(({ content }) => content));
      },
      resources: async () =>
        (await ask<{ resources: readonly Located[] }>('resources/list')).resources.map(({ uri }) => uri),
      resource: async (uri) => textsIn((await ask<Resource>('resources/read', ['--uri', uri])).contents),
      close: async () => {},
    };
  },
});

const SESSION = '@bank';

/** The first command starts a process that keeps the connection for the others. */
const mcpc: RealClient = {
  name: 'mcpc',
  package: '@apify/mcpc',
  revision: '2025-11-25',
  features: ['prompts', 'resources'],
  connect: async ({ url, token }, folder) => {
    const home = await newHome(folder);
    const program = programOf('@apify/mcpc', 'mcpc');
    const run = (...args: readonly string[]): Promise<Run> => runProgram(program, ['--json', ...args], home);
    const ask = async <Result>(...args: readonly string[]): Promise<Result> =>
      parsed<Result>(await run(SESSION, ...args));
    const pairs = (input: Input): readonly string[] =>
      Object.entries(input).map(([key, value]) => `${key}:=${JSON.stringify(value)}`);
    parsed(await run('connect', url, SESSION, '--header', `Authorization: Bearer ${token}`, '--no-profile'));
    return {
      tools: async () => (await ask<readonly Named[]>('tools-list')).map(({ name }) => name),
      call: async (tool, input) => {
        const ended = await run(SESSION, 'tools-call', tool, ...pairs(input));
        return outcome(ended, parsed<ToolAnswer>(ended));
      },
      prompts: async () => (await ask<readonly Named[]>('prompts-list')).map(({ name }) => name),
      prompt: async (prompt, input) =>
        textsIn(
          (await ask<Prompt>('prompts-get', prompt, ...pairs(input))).messages.map(({ content }) => content),
        ),
      resources: async () => (await ask<readonly Located[]>('resources-list')).map(({ uri }) => uri),
      resource: async (uri) => textsIn((await ask<Resource>('resources-read', uri)).contents),
      close: async () => void (await run('close', SESSION)),
    };
  },
};

export const COMMAND_LINE_CLIENTS: readonly RealClient[] = [
  mcpc,
  inspector('Inspector, legacy', '2025-11-25'),
  inspector('Inspector, modern', '2026-07-28'),
];
