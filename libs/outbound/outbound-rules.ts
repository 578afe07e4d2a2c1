import { BlockList, isIP } from 'node:net';
import { addRange, classifyAddress } from './classify-address.js';

export interface OutboundOptions {
  /** Ranges (`10.1.0.0/16`), addresses and host names that may be reached besides public addresses. */
  readonly allow: readonly string[];
  /** For development: this machine may be reached too. */
  readonly loopback: boolean;
}

export interface OutboundRules {
  /** May a connection for this host name go to this address? */
  permits(host: string, address: string): boolean;
  /** May plain HTTP be spoken to this host? Only to this machine and to hosts the operator listed by name. */
  permitsPlainHttp(host: string): boolean;
}

/** Those of the configuration: in development mode this machine may be reached. @throws TypeError as `outboundRules` */
export const configuredRules = ({
  outbound,
  mode,
}: {
  readonly outbound: Pick<OutboundOptions, 'allow'>;
  readonly mode: string;
}): OutboundRules => outboundRules({ allow: outbound.allow, loopback: mode === 'development' });

/**
 * Public addresses may be reached, private and loopback ones only when listed. A listed host name opens those for this
 * name, but never reserved ones (link-local with the metadata services, multicast): these need their range listed, so
 * that a name server cannot lead a listed name there.
 * @throws TypeError for an entry that is neither a range nor a host name
 */
export const outboundRules = ({ allow, loopback }: OutboundOptions): OutboundRules => {
  const ranges = new BlockList();
  const hosts = new Set<string>();
  for (const entry of allow) {
    if (entry.includes('/') || isIP(entry) !== 0) addRange(ranges, entry);
    else hosts.add(hostName(entry));
  }
  const permits = (host: string, address: string): boolean => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) !== 0 && ranges.check(address, family)) return true;
    const kind = classifyAddress(address);
    if (kind === 'public') return true;
    if (kind === 'reserved') return false;
    return hosts.has(host.toLowerCase()) || (kind === 'loopback' && loopback);
  };
  return {
    permits,
    permitsPlainHttp: (host) => {
      const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
      return bare === 'localhost' || classifyAddress(bare) === 'loopback' || hosts.has(bare);
    },
  };
};

const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*$/;

const hostName = (entry: string): string => {
  const name = entry.toLowerCase();
  if (!HOST.test(name))
    throw new TypeError(`outbound.allow: ${entry} is not an address range or a host name`);
  return name;
};
