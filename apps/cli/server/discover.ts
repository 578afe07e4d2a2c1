import { protectedResourceMetadataUrl } from '#identity/protected-resource.js';
import { InputError } from '../command.js';

export const DEFAULT_SERVER = 'http://127.0.0.1:8080';
const DEADLINE_MS = 5_000;

export interface ProtectedResource {
  /** Public address of the deployment: audience of its REST edges, and what its MCP endpoints start with. */
  readonly resource: string;
  readonly issuer: string;
}

/** @throws InputError for anything but an http(s) address; the address without a slash at its end otherwise */
export const serverAddress = (text: string): string => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new InputError(`--server ${text}: expected an address such as ${DEFAULT_SERVER}`);
  return text.replace(/\/+$/, '');
};

/** Asks a server which resource it is and who issues tokens for it (RFC 9728). @throws InputError */
export const discover = async (server: string): Promise<ProtectedResource> => {
  const response = await reach(protectedResourceMetadataUrl(server), {});
  const metadata = (response.ok ? await response.json().catch(() => null) : null) as {
    resource?: unknown;
    authorization_servers?: unknown;
  } | null;
  const [issuer] = Array.isArray(metadata?.authorization_servers) ? metadata.authorization_servers : [];
  if (typeof metadata?.resource !== 'string' || typeof issuer !== 'string') {
    throw new InputError(
      `${server} does not say who issues its tokens. Give the address of the ingress with --server, or set COUNTERSIGN_TOKEN.`,
    );
  }
  return { resource: metadata.resource, issuer };
};

/** fetch with a deadline. @throws InputError when nothing answers */
export const reach = (url: string, request: RequestInit, deadline_ms = DEADLINE_MS): Promise<Response> =>
  fetchOf(url, { ...request, signal: AbortSignal.timeout(deadline_ms) });

/** fetch without a deadline for the body, which may take hours. @throws InputError when nothing answers */
export const reachStream = (url: string, request: RequestInit): Promise<Response> => fetchOf(url, request);

const fetchOf = async (url: string, request: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, request);
  } catch {
    throw new InputError(
      `nothing answers at ${new URL(url).origin}. Start it with "npm start", or give its address with --server.`,
    );
  }
};
