import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openStage, type Stage } from '../e2e/support/stage.js';
import { upstreamAuthOf } from './client-auth.js';
import { type ClientTask, openControl } from './client-control.js';
import { drive, NotListedError } from './client-drives.js';
import { SCENARIO_SURFACE } from './client-surface.js';
import { type Governed, startGoverned } from './governed.js';
import { consent, consentState } from './operator-browser.js';
import { type Findings, isOnlyWarned, type Revision, testClient } from './suite.js';

/** Extensions that the gateway does not speak to upstreams, with what they want. */
export const WITHOUT: Readonly<Record<string, string>> = {
  'auth/dpop': 'tokens bound to a key (RFC 9449)',
  'auth/dpop-nonce': 'tokens bound to a key (RFC 9449)',
  'auth/wif-jwt-bearer': 'an assertion of the workload’s platform as a grant (SEP-1933)',
};

const ROUNDS_MAX = 8;
const READY_MS = 30_000;
const PAUSE_MS = 250;

/** Drives until the agent is served, or a consent is needed: the gateway connects to its upstream in its own time. */
const driveUntilServed = async (
  gateway: Governed,
  task: ClientTask,
  asksConsent: boolean,
): Promise<boolean> => {
  const end = performance.now() + READY_MS;
  for (;;) {
    try {
      await drive(gateway.endpoint, task);
      return true;
    } catch (error) {
      if (asksConsent && (await consentState(gateway)) === 'needs_consent') return false;
      const mayCome = asksConsent || error instanceof NotListedError;
      if (!mayCome || performance.now() > end) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
};

/** An operator consents as often as the gateway says that it needs it. @throws what the agent was refused with */
const driveWithConsent = async (gateway: Governed, task: ClientTask, asksConsent: boolean): Promise<void> => {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    if (await driveUntilServed(gateway, task, asksConsent)) return;
    await consent(gateway);
  }
  throw new Error(`not served after ${ROUNDS_MAX} consents`);
};

/** A gateway of the scenario's own, with the suite's server as its upstream and an agent in front. */
const perform = async (task: ClientTask): Promise<void> => {
  const stage = await openStage();
  try {
    const auth = await upstreamAuthOf(stage, task);
    const gateway = await startGoverned(stage, {
      surface: SCENARIO_SURFACE,
      inThisProcess: true,
      upstream: { transport: 'http', url: task.url, ...(auth === undefined ? {} : { auth }) },
    });
    await driveWithConsent(gateway, task, auth !== undefined);
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
    const test = (attempt: string) =>
      testClient(control, scenario, revision, join(stage.folder, 'client', revision, attempt));
    const first = await test('first');
    const found = isOnlyWarned(first) ? await test('second') : first;
    findings.set(scenario, found);
    seen(scenario, found);
  }
  return findings;
};
