import { isDeepStrictEqual } from 'node:util';
import { type JSONType, jsonEvent, type KurrentDBClient } from '@kurrent/kurrentdb-client';
import { ALL_METADATA_STREAM, allAccess, defaultAccess, SETTINGS_STREAM } from './access.js';
import { isStreamNotFound } from './append-error.js';
import { type Users, usersOf } from './users.js';

export interface KurrentSetupOptions {
  /** Connection string without credentials. */
  readonly url: string;
  readonly admin: Credentials;
  /** The user the ledger logs in as; created if missing. */
  readonly ledger: Credentials;
  /** True: nothing is written. */
  readonly checkOnly: boolean;
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** One thing that has to be so. `set`: it was not and is now. `differs`: it is not. */
export interface SetupStep {
  readonly what: string;
  readonly state: 'fine' | 'set' | 'differs';
  /** What is wrong, for `differs`. */
  readonly detail?: string;
}

/** Well known, and what a server has when nobody chose another. */
const FACTORY_PASSWORD = 'changeit';

/**
 * Makes a server fit for a ledger: a user of its own that may append and read and nothing else, deleting and metadata for
 * administrators only. Can be run again at any time; it writes only what differs.
 * @throws Error of the client: no connection, wrong administrator password, no permission
 */
export const setUpKurrentDb = async (options: KurrentSetupOptions): Promise<readonly SetupStep[]> => {
  const { KurrentDBClient } = await import('@kurrent/kurrentdb-client');
  const { url, admin, ledger } = options;
  const asAdmin = KurrentDBClient.connectionString(url);
  asAdmin.setCredentialsProvider(async () => admin);
  const asLedger = KurrentDBClient.connectionString(url);
  asLedger.setCredentialsProvider(async () => ledger);
  const users = await usersOf(asAdmin);
  try {
    const steps = [
      authentication(options),
      await user(users, options),
      await password(users, asLedger, options),
      await document(asAdmin, SETTINGS_STREAM, 'default access', defaultAccess(ledger.username), options),
      await document(asAdmin, ALL_METADATA_STREAM, 'access to $all', allAccess(ledger.username), options),
    ];
    return [...steps, await reading(asLedger)];
  } finally {
    await Promise.all([asAdmin.dispose(), asLedger.dispose()]);
  }
};

const authentication = ({ url, admin }: KurrentSetupOptions): SetupStep => {
  const what = 'authentication';
  if (/[?&]tls=false/i.test(url))
    return differs(what, 'the address says tls=false: passwords are not sent and anybody may do anything');
  if (admin.password === FACTORY_PASSWORD)
    return differs(
      what,
      `the administrator still has the password ${FACTORY_PASSWORD} that every server begins with`,
    );
  return { what, state: 'fine' };
};

const user = async (users: Users, { ledger, checkOnly }: KurrentSetupOptions): Promise<SetupStep> => {
  const what = `user ${ledger.username}`;
  const found = await users.details(ledger.username);
  if (found?.disabled) return differs(what, 'is disabled');
  if (found !== undefined && found.groups.length > 0)
    return differs(
      what,
      `is in ${found.groups.join(', ')}; the ledger needs no group, and $admins may do anything`,
    );
  if (found !== undefined) return { what, state: 'fine' };
  if (checkOnly) return differs(what, 'does not exist');
  await users.create(ledger.username, ledger.password);
  return { what, state: 'set' };
};

const password = async (
  users: Users,
  asLedger: KurrentDBClient,
  { ledger, checkOnly, url }: KurrentSetupOptions,
): Promise<SetupStep> => {
  const what = `password of ${ledger.username}`;
  if (/[?&]tls=false/i.test(url) || (await logsIn(asLedger))) return { what, state: 'fine' };
  if (checkOnly) return differs(what, 'is not the one given');
  await users.resetPassword(ledger.username, ledger.password);
  return { what, state: 'set' };
};

/** Reading a user stream is what everybody may do by the server's own defaults, and this user by ours. */
const logsIn = async (asLedger: KurrentDBClient): Promise<boolean> => {
  try {
    await lastOf(asLedger, `countersign-${process.pid}`);
    return true;
  } catch (error) {
    if (isAccessDenied(error)) return false;
    throw error;
  }
};

const document = async (
  client: KurrentDBClient,
  stream: string,
  what: string,
  wanted: object,
  { checkOnly }: KurrentSetupOptions,
): Promise<SetupStep> => {
  const found = await lastOf(client, stream);
  if (isDeepStrictEqual(found, wanted)) return { what, state: 'fine' };
  if (checkOnly)
    return differs(
      what,
      `${stream} is ${found === undefined ? 'not set' : JSON.stringify(found)}, not ${JSON.stringify(wanted)}`,
    );
  const type = stream === SETTINGS_STREAM ? '$settings' : '$metadata';
  await client.appendToStream(stream, jsonEvent({ type, data: wanted as JSONType }), {
    requiresLeader: true,
  });
  return { what, state: 'set' };
};

const reading = async (asLedger: KurrentDBClient): Promise<SetupStep> => {
  const what = 'the ledger can follow the log';
  try {
    for await (const _ of asLedger.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 }))
      break;
    return { what, state: 'fine' };
  } catch (error) {
    return differs(what, (error as Error).message || (error as Error).name);
  }
};

const lastOf = async (client: KurrentDBClient, stream: string): Promise<unknown> => {
  try {
    const events = client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 });
    for await (const { event } of events) return event?.data;
    return undefined;
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
};

const isAccessDenied = (error: unknown): boolean => (error as { type?: unknown }).type === 'access-denied';

const differs = (what: string, detail: string): SetupStep => ({ what, state: 'differs', detail });
