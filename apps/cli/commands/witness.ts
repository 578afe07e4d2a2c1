import { type Command, InputError, portOption, requiredOption, textOption } from '../command.js';

export const witness: Command = {
  help: [
    'usage: countersign witness --log VKEY[,VKEY...] [--name NAME] [--data DIR] [--host ADDRESS] [--port N]',
    '',
    'Cosigns checkpoints of ledgers (C2SP tlog-witness), on a machine that the ledger’s operators do not run.',
    'It signs only what extends what it has signed before, and keeps the proof of anything else.',
    '  --log VKEY      verifier key of a ledger’s log: countersign log, or GET /ledger/log',
    '  --name NAME     name of this witness’s key; default witness',
    '  --data DIR      its key and the heads it has signed; default ./witness-data',
    '  --host ADDRESS  default 127.0.0.1',
    '  --port N        default 8190; 0 takes a free one',
    '',
    'Prints the line for the ledger’s tlog-policy file, then serves until it is told to stop.',
  ].join('\n'),
  options: {
    log: { type: 'string' },
    name: { type: 'string' },
    data: { type: 'string' },
    host: { type: 'string' },
    port: { type: 'string' },
  },
  positionals_max: 0,
  run: async (invocation) => {
    const keys = requiredOption(invocation, 'log', 'the verifier key that countersign log prints').split(',');
    const folder = textOption(invocation, 'data') ?? './witness-data';
    const name = textOption(invocation, 'name') ?? 'witness';
    const host = textOption(invocation, 'host') ?? '127.0.0.1';
    const port = portOption(invocation) ?? 8190;
    const { createLogger } = await import('#telemetry/logger.js');
    const { formatVerifierKey, parseVerifierKey } = await import('#tlog/note-key.js');
    const { openHeads } = await import('../../witness/heads.js');
    const { loadOrCreateWitnessKey } = await import('../../witness/witness-key.js');
    const { serveWitness } = await import('../../witness/serve-witness.js');
    try {
      const logs = keys.map((key) => parseVerifierKey(key.trim()));
      const heads = openHeads(folder);
      const signer = await loadOrCreateWitnessKey(folder, name);
      const logger = createLogger('witness', 'info');
      const { url, stop } = await serveWitness({ signer, logs, heads, clock: Date.now, host, port, logger });
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
      console.log(`witness ${name} ${formatVerifierKey(signer.verifier)} ${url}`);
    } catch (error) {
      throw new InputError((error as Error).message);
    }
    return undefined;
  },
};
