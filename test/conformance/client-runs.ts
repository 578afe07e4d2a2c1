import { join } from 'node:path';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { upstreamAuthOf } from './client-auth.js';
import { type ClientTask, openControl } from './client-control.js';
import { drive } from './client-drives.js';
import { SCENARIO_SURFACE } from './client-surface.js';
import { startGoverned } from './governed.js';
import { type Findings, type Revision, testClient } from './suite.js';

/** A gateway of the scenario's own, with the suite's server as its upstream and an agent in front. */
const perform = async (task: ClientTask): Promise<void> => {
  const stage = await openStage();
  try {
    const auth = await upstreamAuthOf(stage, task);
    const gateway = await startGoverned(stage, {
      surface: SCENARIO_SURFACE,
      upstream: { transport: 'http', url: task.url, ...(auth === undefined ? {} : { auth }) },
    });
    await drive(gateway.endpoint, task);
  } finally {
    await stage.close();
  }
};

/** The gateway as the suite's client, one scenario after the other. */
export const runClient = async (
  stage: Stage,
  revision: Revision,
  scenarios: readonly string[],
  seen: (scenario: string, findings: readonly string[]) => void = () => {},
): Promise<Findings> => {
  const control = await openControl(stage, perform);
  const findings = new Map<string, readonly string[]>();
  for (const scenario of scenarios) {
    const found = await testClient(control, scenario, revision, join(stage.folder, 'client', revision));
    findings.set(scenario, found);
    seen(scenario, found);
  }
  return findings;
};
