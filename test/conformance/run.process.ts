/** `node dist/test/conformance/run.process.js RUN... [--direct]`: runs by hand, with what each scenario found wrong. */
import { openStage, type Stage } from '../e2e/support/stage.js';
import { runClient } from './client-runs.js';
import { compare } from './expected-failures.js';
import { accountOf, runDirectly, runGoverned, SERVER_RUNS, type ServerRun } from './server-runs.js';
import { type Findings, type Revision, requirementsOf } from './suite.js';

const say = (scenario: string, findings: readonly string[]): void => {
  if (findings.length === 0) return;
  console.log(`- ${scenario}`);
  for (const finding of findings) console.log(`    ${finding.slice(0, 400)}`);
};

const total = (name: string, findings: Findings): void => {
  const { passed, of } = compare(findings, []);
  console.log(`${name}: ${passed} of ${of} scenarios`);
};

const serverRun = async (stage: Stage, run: ServerRun, isDirect: boolean): Promise<void> => {
  const governed = isDirect ? undefined : await runGoverned(stage, run);
  const findings = governed?.findings ?? (await runDirectly(stage, run));
  for (const [scenario, found] of findings) say(scenario, found);
  if (governed !== undefined) {
    const { requested, masked, replay } = await accountOf(governed.gateway);
    const { checked, different } = replay;
    console.log(`${requested} calls recorded, ${masked} masked`);
    console.log(`replay: ${checked} checked, ${different.length} differ`);
    for (const one of different.slice(0, 2)) console.log(JSON.stringify(one));
  }
  total(run.name, findings);
};

/** `client:2026-07-28` or `client:2026-07-28:auth/basic-cimd`. */
const clientRun = async (stage: Stage, name: string): Promise<void> => {
  const [, revision = '', only] = name.split(':');
  const { required, further } = await requirementsOf(revision as Revision, 'client');
  const scenarios = [...required, ...further].filter(
    (scenario) => only === undefined || scenario.includes(only),
  );
  total(name, await runClient(stage, revision as Revision, scenarios, say));
};

const words = process.argv.slice(2);
const isDirect = words.includes('--direct');
const names = words.filter((word) => word !== '--direct');
if (names.length === 0)
  console.log(
    `runs: ${SERVER_RUNS.map(({ name }) => name).join(', ')}, client:REVISION[:part of a scenario]`,
  );
for (const name of names) {
  const run = SERVER_RUNS.find((one) => one.name === name);
  if (run === undefined && !name.startsWith('client:')) throw new Error(`there is no run ${name}`);
  const stage = await openStage();
  try {
    await (run === undefined ? clientRun(stage, name) : serverRun(stage, run, isDirect));
  } finally {
    await stage.close();
  }
}
process.exit();
