import { CountersignError } from '#core/errors.js';
import { authorityOfTarget, type HttpHead, headerValues } from '#identity/http-head.js';

export interface OriginOptions {
  /** Address of this process as clients know it. */
  readonly publicUrl: string;
  readonly allowed_origins: readonly string[];
  /** Host names besides that of the public address, without port. */
  readonly allowed_hosts: readonly string[];
}

/** `checkOrigin` with the settings of this process. */
export type OriginCheck = (head: HttpHead) => void;

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
/** Host and optional port (RFC 9110 section 7.2); no user, no path, no trailing dot, no second name. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

const refused = (what: string): CountersignError => new CountersignError('origin_refused', what);

/**
 * The host name that a header or target names, in lower case and with IPv6 in its short form. Undefined unless written as
 * a name that means itself: the URL parser alone would read "0x7f.1" as 127.0.0.1 and drop a user before an @.
 */
const hostName = (authority: string): string | undefined => {
  if (!HOST.test(authority)) return undefined;
  const hostname = URL.parse(`http://${authority}`)?.hostname;
  const written = authority.replace(/:[0-9]+$/, '').toLowerCase();
  return hostname === written || written.startsWith('[') ? hostname : undefined;
};

/**
 * Guards against DNS rebinding (MCP 2025-11-25 basic/transports, security warning): a browser may only come from an
 * allowed origin, and the name asked for must be one of ours. It is names that are rebound, so the port is not looked
 * at. Clients that are no browsers send no Origin. Forwarded and X-Forwarded-Host are not looked at: anybody can write
 * them. WebSockets are not bound by CORS and are refused altogether.
 * @throws CountersignError origin_refused, upgrade_refused
 */
export const checkOrigin = (head: HttpHead, options: OriginOptions): void => {
  const own = new URL(options.publicUrl);
  const isOurs = (authority: string): boolean => {
    const hostname = hostName(authority);
    if (hostname === undefined) return false;
    if (hostname === own.hostname || options.allowed_hosts.includes(hostname)) return true;
    // On one machine people write any of the loopback names; nobody can rebind those elsewhere.
    return LOOPBACK.includes(own.hostname) && LOOPBACK.includes(hostname);
  };

  const origins = headerValues(head, 'origin');
  const isAllowed = (origin: string) => origin === own.origin || options.allowed_origins.includes(origin);
  // "null" (sandboxed frames, files) is an origin of everybody and never allowed, whatever the list says.
  if (origins.length > 1 || origins.some((origin) => origin === 'null' || !isAllowed(origin)))
    throw refused('Origin');
  const [host, ...others] = headerValues(head, 'host');
  if (host === undefined || others.length > 0 || !isOurs(host)) throw refused('Host');
  // RFC 9112 section 3.2.2: of an absolute-form target the authority counts, so it must be ours as well.
  const target = authorityOfTarget(head);
  if (target !== undefined && !isOurs(target.replace(/^https?:\/\//i, ''))) throw refused('request target');
  if (headerValues(head, 'upgrade').some((value) => /websocket/i.test(value)))
    throw new CountersignError('upgrade_refused');
};
