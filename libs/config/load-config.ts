import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Config, configSchema, type SecretRef } from './config.schema.js';
import { overlayEnvironment } from './environment.js';
import type { UpstreamAuthConfig } from './upstream-auth.schema.js';

/** Stops the start: says every wrong setting with its path and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface ConfigSource {
  /** YAML file; relative paths inside it start at its folder. */
  readonly file: string;
  /** Set by command-line options; wins over file and environment. */
  readonly overrides?: { readonly port?: number; readonly data_dir?: string };
}

/** @throws ConfigError */
export const loadConfig = ({ file, overrides = {} }: ConfigSource): Config => {
  const tree = overlayEnvironment(readYaml(file), process.env);
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) throw new ConfigError(describe(file, parsed.error));
  const folder = dirname(resolve(file));
  const config = parsed.data;
  const fromFile = (path: string) => (isAbsolute(path) ? path : resolve(folder, path));
  const merged: Config = {
    ...config,
    policy_file: fromFile(config.policy_file),
    log: { ...config.log, ...(config.log.policy_file && { policy_file: fromFile(config.log.policy_file) }) },
    data_dir: resolve(overrides.data_dir ?? config.data_dir),
    http: { ...config.http, ...(overrides.port === undefined ? {} : { port: overrides.port }) },
  };
  refuseInsecure(file, merged);
  return merged;
};

/** @throws ConfigError when the variable or file is not there. */
export const readSecret = (reference: SecretRef): string => {
  if ('env' in reference) {
    const value = process.env[reference.env];
    if (value === undefined || value === '')
      throw new ConfigError(`the environment variable ${reference.env} is not set`);
    return value;
  }
  try {
    return readFileSync(reference.file, 'utf8').trim();
  } catch {
    throw new ConfigError(`the secret file ${reference.file} cannot be read`);
  }
};

/** COUNTERSIGN_CONFIG: the configuration file of a service that got no --config. */
export const configFileFromEnvironment = (): string | undefined =>
  process.env['COUNTERSIGN_CONFIG'] || undefined;

/** PATH, the one variable that every child process may see. */
export const searchPath = (): string => process.env['PATH'] ?? '';

const readYaml = (file: string): { [key: string]: unknown } => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(`${file}: cannot be read. Give the path of a configuration file with --config.`);
  }
  const document = parseDocument(text, { uniqueKeys: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw new ConfigError(`${file}: ${problem.message}`);
  const tree: unknown = document.toJS();
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree))
    throw new ConfigError(`${file}: expected settings, found ${typeof tree}`);
  return tree as { [key: string]: unknown };
};

const describe = (file: string, error: z.ZodError): string =>
  error.issues.map((issue) => `${file}: ${issue.path.join('.') || '(root)'}: ${issue.message}`).join('\n');

const refuseInsecure = (file: string, config: Config): void => {
  const names = config.upstreams.map((upstream) => upstream.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`${file}: upstreams: the name ${twice} is used twice`);
  const strange = Object.keys(config.identity.scopes.servers).find((name) => !names.includes(name));
  if (strange !== undefined)
    throw new ConfigError(`${file}: identity.scopes.servers: there is no upstream ${strange}`);
  const stray = Object.keys(config.limits.budgets.servers).find((name) => !names.includes(name));
  // The demonstration adds its servers later.
  if (stray !== undefined && !config.demo)
    throw new ConfigError(`${file}: limits.budgets.servers: there is no upstream ${stray}`);
  refuseUnusableLogin(file, config);
  refuseUnusableTeams(file, config);
  if (config.mode === 'development') return;
  if (config.demo)
    throw new ConfigError(
      `${file}: demo: the development issuer and the synthetic bank cannot be on in production mode`,
    );
  const plain = config.identity.issuers.find(({ issuer }) => !issuer.startsWith('https://'));
  if (plain !== undefined)
    throw new ConfigError(`${file}: identity.issuers: ${plain.issuer} must be https in production mode`);
  if (config.approvals.notify.mail?.smtp.tls === 'none')
    throw new ConfigError(`${file}: approvals.notify.mail.smtp.tls: mail needs TLS in production mode`);
  if (config.identity.issuers.length === 0)
    throw new ConfigError(`${file}: identity.issuers: at least one issuer is needed`);
  config.upstreams.forEach((upstream, index) => {
    if (upstream.transport === 'stdio' || !sendsSecretAnywhere(upstream.auth)) return;
    throw new ConfigError(
      `${file}: upstreams.${index}.auth.issuer: needed in production mode beside client credentials, which a server ` +
        'could otherwise ask for by naming an authorization server of its own',
    );
  });
};

/** A sign-in whose tokens nobody would accept, or whose session would travel in clear. */
const refuseUnusableLogin = (file: string, { approvals, identity, mode }: Config): void => {
  const { login, page_url } = approvals;
  if (mode === 'production' && page_url?.startsWith('https://') === false)
    throw new ConfigError(`${file}: approvals.page_url: must be https in production mode`);
  if (login === undefined) return;
  if (!identity.issuers.some(({ issuer }) => issuer === login.issuer))
    throw new ConfigError(`${file}: approvals.login.issuer: must be one of identity.issuers`);
};

/** People of Teams are known by their object id: a token that does not carry it would let one person vote as two. */
const refuseUnusableTeams = (file: string, { approvals, identity, mode }: Config): void => {
  const { teams } = approvals;
  if (teams === undefined) return;
  const urls = [teams.service_url, teams.openid_metadata, ...(teams.token_url ? [teams.token_url] : [])];
  if (mode === 'production' && urls.some((url) => !url.startsWith('https://')))
    throw new ConfigError(`${file}: approvals.teams: every address must be https in production mode`);
  const { sso } = teams.people;
  if (sso === undefined) return;
  const issuer = identity.issuers.find((each) => each.issuer === sso.issuer);
  if (issuer?.human_claim !== 'oid')
    throw new ConfigError(
      `${file}: approvals.teams.people.sso.issuer: must be one of identity.issuers, with human_claim: oid`,
    );
  if (identity.dpop === 'required')
    throw new ConfigError(
      `${file}: approvals.teams.people.sso: tokens of Teams are not bound to a key; identity.dpop may be off or optional`,
    );
};

/** A client with a secret and no issuer would show it to whatever authorization server the upstream names. */
const sendsSecretAnywhere = (auth: UpstreamAuthConfig): boolean =>
  (auth.type === 'client_credentials' || auth.type === 'authorization_code' || auth.type === 'id_jag') &&
  auth.issuer === undefined &&
  (auth.client_secret !== undefined || auth.private_key !== undefined);
