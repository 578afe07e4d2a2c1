import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../e2e/support/stage.js';
import type { Settings } from '../e2e/support/standalone.js';
import type { ClientTask } from './client-control.js';

/** The client metadata document that the suite expects of clients that have one. */
const CLIENT_METADATA_URL = 'https://conformance-test.local/client-metadata.json';

/** How the gateway is told to authenticate at the scenario's server; the words of a scenario's context are its own. */
export const upstreamAuthOf = async (
  stage: Stage,
  { scenario, context }: ClientTask,
): Promise<Settings | undefined> => {
  if (!scenario.startsWith('auth/')) return undefined;
  const secretFile = async (name: string): Promise<Settings> => {
    const file = join(stage.folder, name);
    await writeFile(file, String(context[name]), { mode: 0o600 });
    return { file };
  };
  const client = { client_id: context['client_id'] };
  switch (scenario) {
    case 'auth/client-credentials-jwt':
      return {
        type: 'client_credentials',
        ...client,
        private_key: await secretFile('private_key_pem'),
        ...(context['signing_algorithm'] === undefined ? {} : { algorithm: context['signing_algorithm'] }),
      };
    case 'auth/client-credentials-basic':
      return { type: 'client_credentials', ...client, client_secret: await secretFile('client_secret') };
    case 'auth/pre-registration':
      return {
        type: 'authorization_code',
        consent: 'shared',
        ...client,
        client_secret: await secretFile('client_secret'),
      };
    case 'auth/enterprise-managed-authorization':
      return {
        type: 'id_jag',
        idp: { issuer: context['idp_issuer'], client_id: context['idp_client_id'] },
        ...client,
        client_secret: await secretFile('client_secret'),
        subject_token_type: 'id_token',
        gateway_token: await secretFile('idp_id_token'),
      };
    default:
      return { type: 'authorization_code', consent: 'shared', client_metadata_url: CLIENT_METADATA_URL };
  }
};
