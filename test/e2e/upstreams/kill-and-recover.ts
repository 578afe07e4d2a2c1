import { expect } from 'vitest';
import type { Service } from '../support/service.js';
import { type System, serviceOf } from '../support/system.js';
import { waitUntil } from '../support/wait-until.js';
import { programsBelow } from './children.js';
import type { Called } from './upstream-client.js';

/**
 * Kills an upstream, a server of its own or the one child of the gateway whose command line holds a text, and calls until
 * it serves again. What comes in between is a refusal of the gateway, never a hanging call or a half result.
 */
export const killAndRecover = async (
  system: System,
  runs: Service | string,
  ask: () => Promise<Called>,
): Promise<void> => {
  if (typeof runs === 'string') {
    const pids = programsBelow(serviceOf(system, 'countersign').pid(), runs);
    expect(pids).toHaveLength(1);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  } else {
    await runs.kill();
    expect(await ask()).toMatchObject({
      isError: true,
      text: expect.stringContaining('upstream_unavailable'),
    });
    await runs.start();
  }
  const answers: string[] = [];
  await waitUntil(
    'an answer of the new process',
    async () => {
      const { isError, text } = await ask();
      if (isError) answers.push(text);
      return !isError;
    },
    20_000,
  );
  expect(answers.filter((text) => !/upstream_unavailable|outcome_unknown/.test(text))).toEqual([]);
};
