/** The variables that may override the file, and where they go. The only list of them: docs and compose are checked against it. */
export const ENVIRONMENT = {
  COUNTERSIGN_MODE: { path: ['mode'], kind: 'text' },
  COUNTERSIGN_DATA: { path: ['data_dir'], kind: 'text' },
  COUNTERSIGN_POLICY_FILE: { path: ['policy_file'], kind: 'text' },
  COUNTERSIGN_HOST: { path: ['http', 'host'], kind: 'text' },
  COUNTERSIGN_PORT: { path: ['http', 'port'], kind: 'number' },
  COUNTERSIGN_PUBLIC_URL: { path: ['http', 'public_url'], kind: 'text' },
  COUNTERSIGN_LOG_LEVEL: { path: ['log_level'], kind: 'text' },
  NATS_URL: { path: ['bus', 'servers'], kind: 'list' },
  NATS_USER: { path: ['bus', 'user'], kind: 'text' },
  NATS_PASSWORD_FILE: { path: ['bus', 'password', 'file'], kind: 'text' },
  EVENT_STORE_URL: { path: ['event_store', 'url'], kind: 'text' },
  REDIS_URL: { path: ['jobs', 'redis_url'], kind: 'text' },
} as const satisfies Record<string, { path: readonly string[]; kind: 'text' | 'number' | 'list' }>;

/** Variables read outside the configuration file: which file, and the CLI's token. */
export const OTHER_VARIABLES = ['COUNTERSIGN_CONFIG', 'COUNTERSIGN_TOKEN'] as const;

type Tree = { [key: string]: unknown };

/** The file's tree with the environment's settings laid over it; empty variables count as unset. */
export const overlayEnvironment = (tree: Tree, environment: NodeJS.ProcessEnv): Tree => {
  const result = structuredClone(tree);
  for (const [variable, { path, kind }] of Object.entries(ENVIRONMENT)) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const value =
      kind === 'number' ? Number(text) : kind === 'list' ? text.split(',').map((part) => part.trim()) : text;
    assign(result, path, value);
  }
  return result;
};

const assign = (tree: Tree, path: readonly string[], value: unknown): void => {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const child = tree[head];
  const branch: Tree = typeof child === 'object' && child !== null ? (child as Tree) : {};
  tree[head] = branch;
  assign(branch, rest, value);
};
