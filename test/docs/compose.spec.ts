import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchema } from '#config/config.schema.js';
import { ENVIRONMENT, OTHER_VARIABLES } from '#config/environment.js';
import { loadConfig } from '#config/load-config.js';
import { parsePolicyFile } from '#policy-file/parse-policy-file.js';
import { ROOT, readTree } from '../tidy/source-file.js';
import { composeProblems } from './compose-checks.js';
import { parseCompose } from './compose-file.js';

const tree = readTree();
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(text('package.json')) as {
  version: string;
  dependencies: Record<string, string>;
};
const composeText = text('docker-compose.yml');

const facts = {
  services: tree
    .flatMap(({ path, text: code }) =>
      code.includes('runDistributed({') ? [/^apps\/(\w+)\/main\.ts$/.exec(path)?.[1] ?? ''] : [],
    )
    .filter((name) => name !== ''),
  variables: [...Object.keys(ENVIRONMENT), ...OTHER_VARIABLES],
  port: configSchema.parse({ policy_file: 'policy.yaml' }).http.port,
  version: manifest.version,
};
const problemsOf = (yaml: string) => composeProblems(parseCompose(yaml), facts);

/** What somebody might change, and what they are told. */
const BAD: readonly (readonly [change: string, from: string | RegExp, to: string, problem: RegExp])[] = [
  ['a service left out', /^ {2}policy:\n(?: {4}.*\n)+/m, '', /policy: is not built/],
  ['an app that does not exist', 'APP: masking', 'APP: unmasking', /masking: there is no app unmasking/],
  ['a floating tag', 'nats:2.12.8-alpine', 'nats:alpine', /nats: image nats:alpine is not pinned/],
  ['latest', 'kurrentdb:26.0.3', 'kurrentdb:latest', /is not pinned/],
  [
    'our own image at another version',
    'countersign/ledger:0.1.0',
    'countersign/ledger:0.0.9',
    /ledger: image .* is not pinned/,
  ],
  ['a variable nobody reads', 'REDIS_URL:', 'REDIS_HOST:', /nothing reads the variable REDIS_HOST/],
  ['another port', '"127.0.0.1:8082:8080"', '"127.0.0.1:8082:3000"', /publishes 3000, where nothing listens/],
  ['a port for everybody', '"127.0.0.1:8080:8080"', '"8080:8080"', /put a TLS proxy before it/],
  ['a port taken twice', '"127.0.0.1:8082:8080"', '"127.0.0.1:8081:8080"', /same port/],
  [
    'a password in the file',
    'NATS_PASSWORD_FILE: /run/secrets/nats_password',
    'NATS_PASSWORD: hunter2',
    /NATS_PASSWORD carries a secret/,
  ],
  ['a password in an address', 'redis://redis:6379', 'redis://:hunter2@redis:6379', /carries credentials/],
  [
    'a secret inside the repository',
    /"\$\{COUNTERSIGN_SECRETS\}\/nats-policy.password"/,
    './deploy/nats-policy.password',
    /secret nats_policy does not come/,
  ],
  ['a secret that is not defined', 'source: nats_policy', 'source: nats_polity', /no secret nats_polity/],
  [
    'a secret that is not given',
    '{ source: nats_policy, target: nats_password }',
    'nats_policy',
    /policy: NATS_PASSWORD_FILE names/,
  ],
  ['root', 'user: "1000:1000"', 'user: root', /ledger: runs as root/],
  ['capabilities', 'cap_drop: [ALL]', 'cap_drop: [NET_RAW]', /keeps capabilities/],
  ['privileges', 'no-new-privileges:true', 'no-new-privileges:false', /may gain privileges/],
  ['no restart', 'restart: unless-stopped', 'stop_grace_period: 10s', /not started again/],
  ['no health check', '[CMD, redis-cli, ping]', '[NONE]', /redis: has no health check/],
  ['a writable root', 'read_only: true', 'read_only: false', /ingress: has a writable root/],
  [
    'no waiting',
    'kurrentdb: { condition: service_healthy }',
    'kurrentdb: { condition: service_started }',
    /does not wait until kurrentdb/,
  ],
  [
    'an address that cannot be reached',
    'networks: [edge, bus, timers]',
    'networks: [edge, bus]',
    /REDIS_URL names redis, which it cannot reach/,
  ],
  [
    'a second service at the event store',
    'networks: [edge, bus]',
    'networks: [edge, bus, store]',
    /ingress: reaches kurrentdb/,
  ],
  ['a way out for masking', 'bus: { internal: true }', 'bus: {}', /masking: has a way out/],
];

describe('docker-compose.yml', () => {
  it('names only services, ports and variables that exist, pins what it runs, and holds no secret', () => {
    expect(problemsOf(composeText)).toEqual([]);
  });

  for (const [change, from, to, problem] of BAD) {
    it(`would not pass with ${change}`, () => {
      const changed = composeText.replace(from, to);
      expect(changed).not.toBe(composeText);
      expect(problemsOf(changed).join('\n')).toMatch(problem);
    });
  }

  it('its readme tells of every variable that the operator sets', () => {
    const variables = new Set([...composeText.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name));
    const readme = text('deploy/compose/README.md');
    expect([...variables].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('is accepted by docker compose', ({ skip }) => {
    const docker = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
    skip(docker.status !== 0, 'the command "docker compose" is not installed here');
    const env = {
      ...process.env,
      COUNTERSIGN_SECRETS: '/run/secrets',
      INGRESS_PUBLIC_URL: 'x',
      APPROVAL_PUBLIC_URL: 'x',
      LEDGER_PUBLIC_URL: 'x',
      POLICY_PUBLIC_URL: 'x',
    };
    const result = spawnSync('docker', ['compose', '-f', 'docker-compose.yml', 'config', '--quiet'], {
      cwd: ROOT,
      env,
      encoding: 'utf8',
    });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });
});

describe('the image', () => {
  const dockerfile = text('deploy/docker/Dockerfile');

  it('has the Node that package.json asks for', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(new Set([`node:${manifest.dependencies['node']}-bookworm-slim`]));
  });

  it('copies only what is there', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    );
    expect(
      sources.filter((source) => !tree.some(({ path }) => path === source || path.startsWith(`${source}/`))),
    ).toEqual([]);
  });

  it('does not run as root', () => {
    expect(dockerfile.match(/^USER .+$/gm)).toEqual(['USER node']);
  });
});

describe('the example configuration', () => {
  it('starts in production mode, with a policy whose tests pass', () => {
    const config = loadConfig({ file: join(ROOT, 'deploy/compose/countersign.yaml') });
    expect(config.mode).toBe('production');
    const policy = text('deploy/compose/policy.yaml');
    expect(parsePolicyFile(policy, config.policy_file).bundle.name).toBe('bank');
  });

  it('names secrets that the ingress is given', () => {
    const named = [...text('deploy/compose/countersign.yaml').matchAll(/file: \/run\/secrets\/(\w+)/g)].map(
      ([, name = '']) => name,
    );
    const given = parseCompose(composeText).services['ingress']?.secrets ?? [];
    expect(named.filter((name) => !given.includes(name))).toEqual([]);
  });
});

describe('the secrets for the bus', () => {
  const program = join(ROOT, 'dist/deploy/compose/make-secrets.js');

  it('are made once, readable by their owner only, and never replaced', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-secrets-'));
    try {
      execFileSync(process.execPath, [program, join(folder, 'new')]);
      const before = readFileSync(join(folder, 'new/nats.conf'), 'utf8');
      const again = spawnSync(process.execPath, [program, join(folder, 'new')], { encoding: 'utf8' });
      expect(again.status).toBe(2);
      expect(again.stderr).toContain('nothing was changed');
      expect(readFileSync(join(folder, 'new/nats.conf'), 'utf8')).toBe(before);
      const named = Object.values(parseCompose(composeText).secrets).map(({ file = '' }) => basename(file));
      const made = named.filter((name) => name.startsWith('nats'));
      expect(made).toHaveLength(6);
      expect(made.map((name) => statSync(join(folder, 'new', name)).mode & 0o777)).toEqual(
        made.map(() => 0o400),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are a configuration that nats-server accepts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-secrets-'));
    try {
      execFileSync(process.execPath, [program, join(folder, 'new')]);
      const check = spawnSync('nats-server', ['-t', '-c', join(folder, 'new/nats.conf')], {
        encoding: 'utf8',
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
      });
      expect(`${check.stdout}${check.stderr}`).toContain('is valid');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
