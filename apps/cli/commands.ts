import type { Command } from './command.js';

interface Entry {
  readonly says: string;
  /** Each command is loaded only when it is used: `token` must not wait for the whole gateway to load. */
  load(): Promise<Command>;
}

export const COMMANDS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    'serve',
    {
      says: 'serve everything in one process',
      load: async () => (await import('./commands/serve.js')).serve,
    },
  ],
  [
    'distributed',
    {
      says: 'serve the five services as processes of their own',
      load: async () => (await import('./commands/distributed.js')).distributed,
    },
  ],
  [
    'demo',
    {
      says: 'play the whole story on a private instance',
      load: async () => (await import('./commands/demo.js')).demo,
    },
  ],
  [
    'token',
    {
      says: 'print an access token of the development issuer',
      load: async () => (await import('./commands/token.js')).token,
    },
  ],
  [
    'policy',
    {
      says: 'check, test, explain or compare policy files; propose and approve another policy',
      load: async () => (await import('./commands/policy.js')).policy,
    },
  ],
  [
    'approvals',
    {
      says: 'list what waits for an approval',
      load: async () => (await import('./commands/approvals.js')).approvals,
    },
  ],
  [
    'approve',
    { says: 'approve a held call', load: async () => (await import('./commands/vote.js')).approve },
  ],
  ['deny', { says: 'deny a held call', load: async () => (await import('./commands/vote.js')).deny }],
  [
    'delegations',
    {
      says: 'let somebody else vote with your roles for a time',
      load: async () => (await import('./commands/delegations.js')).delegations,
    },
  ],
  [
    'catalog',
    {
      says: 'show what the servers list, and approve it',
      load: async () => (await import('./commands/catalog.js')).catalog,
    },
  ],
  ['calls', { says: 'list recorded calls', load: async () => (await import('./commands/calls.js')).calls }],
  [
    'upstreams',
    {
      says: 'list upstream servers; connect and disconnect those that want a consent',
      load: async () => (await import('./commands/upstreams.js')).upstreams,
    },
  ],
  [
    'show',
    { says: 'show the transcript of one call', load: async () => (await import('./commands/show.js')).show },
  ],
  [
    'search',
    {
      says: 'find calls by caller, tool, rule, time ..., or by a value they touched',
      load: async () => (await import('./commands/search.js')).search,
    },
  ],
  [
    'sessions',
    {
      says: 'list the sessions that recorded calls belong to',
      load: async () => (await import('./commands/sessions.js')).sessions,
    },
  ],
  [
    'export',
    {
      says: 'write recorded calls to a file, JSONL or CSV',
      load: async () => (await import('./commands/export.js')).exportCommand,
    },
  ],
  [
    'ledger',
    {
      says: 'show or rebuild the read model of the ledger',
      load: async () => (await import('./commands/ledger.js')).ledger,
    },
  ],
  [
    'log',
    {
      says: 'show the Merkle log and its verifier key',
      load: async () => (await import('./commands/log.js')).log,
    },
  ],
  [
    'witness',
    {
      says: 'cosign checkpoints of a ledger, on a machine of another department',
      load: async () => (await import('./commands/witness.js')).witness,
    },
  ],
  [
    'disclosures',
    {
      says: 'open a sealed original, after another person has approved',
      load: async () => (await import('./commands/disclosures.js')).disclosures,
    },
  ],
  [
    'replay',
    {
      says: 'run recorded decisions and maskings again and compare',
      load: async () => (await import('./commands/replay.js')).replay,
    },
  ],
  [
    'evidence',
    {
      says: 'export an evidence pack for an examiner',
      load: async () => (await import('./commands/evidence.js')).evidence,
    },
  ],
  [
    'verify',
    {
      says: 'check an evidence pack, offline',
      load: async () => (await import('./commands/verify.js')).verify,
    },
  ],
  [
    'alarms',
    {
      says: 'list what was done to the records',
      load: async () => (await import('./commands/alarms.js')).alarms,
    },
  ],
  [
    'store',
    {
      says: 'check the embedded event store, or set up a server',
      load: async () => (await import('./commands/store.js')).store,
    },
  ],
  [
    'backup',
    { says: 'copy the event store', load: async () => (await import('./commands/backup.js')).backup },
  ],
  [
    'restore',
    { says: 'put a backup back', load: async () => (await import('./commands/restore.js')).restore },
  ],
]);

export const overview = (): string => {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length));
  const lines = [...COMMANDS].map(([name, { says }]) => `  ${name.padEnd(width)}  ${says}`);
  return [
    'usage: countersign COMMAND [options]',
    '',
    ...lines,
    '',
    'countersign COMMAND --help tells more. Exit codes: 0 fine, 1 a finding, 2 wrong usage or input.',
  ].join('\n');
};
