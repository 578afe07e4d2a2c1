import { type Command, EXIT_FINDING, EXIT_FINE } from '../command.js';
import { printJson } from '../print.js';

export const demo: Command = {
  help: [
    'usage: countersign demo [--distributed] [--json]',
    '',
    'Starts a private instance on a free port with data of its own, plays the whole story with a real MCP client and',
    'checks every step of it. Nothing stays behind. Exit code 0 only if every check held.',
    '  --distributed  on five processes over NATS and Redis instead of one process',
    '  --json         the checks instead of the story',
  ].join('\n'),
  options: { distributed: { type: 'boolean' }, json: { type: 'boolean' } },
  positionals_max: 0,
  run: async ({ values }) => {
    const json = values['json'] === true;
    const { playDemo } = await import('../demo/play-demo.js');
    const setStage = await stageOf(values['distributed'] === true);
    const checks = await playDemo(setStage, json ? () => undefined : (text) => console.log(text));
    const failed = checks.filter(({ held }) => !held).length;
    const passed = checks.length - failed;
    if (json) printJson({ passed, failed, checks });
    else console.log(`\n${passed} checks held, ${failed} did not`);
    return failed === 0 ? EXIT_FINE : EXIT_FINDING;
  },
};

const stageOf = async (distributed: boolean) =>
  distributed
    ? (await import('../demo/distributed-stage.js')).setDistributedStage
    : (await import('../demo/standalone-stage.js')).setStandaloneStage;
