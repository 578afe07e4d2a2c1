import { join } from 'node:path';
import { examiner } from '../e2e/support/rest.js';
import type { Stage } from '../e2e/support/stage.js';
import type { Surface } from './allow-all.js';
import { Catalog, EXTRA_PROMPT, EXTRA_TOOL } from './everything/catalog.js';
import { type Eras, startEverything } from './everything/everything-server.js';
import { PROMPTS } from './everything/prompts.js';
import { type Governed, startGoverned } from './governed.js';
import { type Findings, type Revision, requirementsOf, testServer } from './suite.js';

export interface ServerRun {
  readonly name: string;
  /** What the suite speaks. */
  readonly revision: Revision;
  /** What the server behind the gateway speaks. */
  readonly upstream: Eras;
  /** Required scenarios only, or also those of extensions and later additions. */
  readonly scenarios: 'required' | 'all';
  /** Scenarios that ask for what no server of this era can say, with what that is. */
  readonly without?: Readonly<Record<string, string>>;
}

/** The modern era names each question; servers of the legacy era only number their requests. */
const NAMES_OF_QUESTIONS = 'it looks for a question by the name that the server gave it';
/** Without the gateway a server has no choice but to refuse. */
const WAITS_ITSELF = 'the gateway itself waits for a task that the client cannot follow';

export const SERVER_RUNS: readonly ServerRun[] = [
  { name: 'legacy', revision: '2025-11-25', upstream: 'both', scenarios: 'all' },
  { name: 'modern', revision: '2026-07-28', upstream: 'both', scenarios: 'all' },
  { name: 'legacy-to-legacy-only', revision: '2025-11-25', upstream: 'legacy', scenarios: 'all' },
  {
    name: 'modern-to-legacy-only',
    revision: '2026-07-28',
    upstream: 'legacy',
    scenarios: 'all',
    without: {
      'input-required-result-basic-elicitation': NAMES_OF_QUESTIONS,
      'input-required-result-ignore-extra-params': NAMES_OF_QUESTIONS,
      'tasks-required-task-error': WAITS_ITSELF,
    },
  },
  { name: 'legacy-to-modern-only', revision: '2025-11-25', upstream: 'modern', scenarios: 'required' },
];

const SURFACE: Surface = {
  tools: [...new Catalog(-32002).tools(), EXTRA_TOOL].map(({ definition }) => definition.name),
  prompts: [...PROMPTS, EXTRA_PROMPT].map(({ definition }) => definition.name),
  resources: ['test://*', 'test://template/{id}/data'],
};

const wanted = async (run: ServerRun, all: Findings): Promise<Findings> => {
  const { revision, scenarios, without = {} } = run;
  const { required } = await requirementsOf(revision, 'server');
  const findings = [...all].filter(([scenario]) => !(scenario in without));
  return new Map(findings.filter(([scenario]) => scenarios === 'all' || required.includes(scenario)));
};

/** The suite against the server itself. */
export const runDirectly = async (stage: Stage, run: ServerRun): Promise<Findings> => {
  const server = await startEverything(run.upstream);
  stage.defer(server.close);
  return wanted(run, await testServer(server.url, run.revision, join(stage.folder, `${run.name}-direct`)));
};

/** The suite against the gateway in front of the server. */
export const runGoverned = async (
  stage: Stage,
  run: ServerRun,
): Promise<{ readonly findings: Findings; readonly gateway: Governed }> => {
  const server = await startEverything(run.upstream);
  stage.defer(server.close);
  const upstream = { transport: 'http', url: server.url };
  const gateway = await startGoverned(stage, { surface: SURFACE, upstream });
  const findings = await testServer(gateway.endpoint, run.revision, join(stage.folder, run.name));
  return { findings: await wanted(run, findings), gateway };
};

/** What the examiner sees of a run: the masked calls, and the replay of all of them. */
export const accountOf = async (gateway: Governed) => {
  const reader = await examiner(gateway);
  const types = (await reader.events()).map(({ type }) => type);
  const count = (wantedType: string) => types.filter((type) => type === wantedType).length;
  return {
    requested: count('CallRequested'),
    masked: count('ResultMasked'),
    replay: await reader.replay(),
  };
};
