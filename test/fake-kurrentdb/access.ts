import * as grpc from '@grpc/grpc-js';
import type { EventLog } from './event-log.js';
import { rpcError } from './wire.js';

/** Users and ACLs as a server has them: roles of a user are `$all`, the login and the groups; `$admins` may do anything. */
export interface User {
  password: string;
  readonly groups: readonly string[];
  disabled: boolean;
}

export type Operation = 'read' | 'write' | 'delete';

export interface Access {
  readonly users: Map<string, User>;
  /** Why the caller may not do it; undefined when the caller may. */
  refusal(
    metadata: grpc.Metadata,
    stream: string,
    operation: Operation,
  ): grpc.ServerErrorResponse | undefined;
  /** For what only administrators may do. */
  adminRefusal(metadata: grpc.Metadata): grpc.ServerErrorResponse | undefined;
}

type Right = '$r' | '$w' | '$d' | '$mr' | '$mw';
type Acl = Partial<Record<Right, string | readonly string[]>>;

const SERVER_DEFAULTS = {
  $userStreamAcl: { $r: '$all', $w: '$all', $d: '$all', $mr: '$all', $mw: '$all' },
  $systemStreamAcl: { $r: '$admins', $w: '$admins', $d: '$admins', $mr: '$admins', $mw: '$admins' },
};
const RIGHTS: Readonly<Record<Operation, Right>> = { read: '$r', write: '$w', delete: '$d' };
const METADATA_RIGHTS: Readonly<Record<Operation, Right>> = { read: '$mr', write: '$mw', delete: '$mw' };

export const createAccess = (log: EventLog, secure: boolean): Access => {
  const users = new Map<string, User>();
  users.set('admin', { password: 'changeit', groups: ['$admins'], disabled: false });
  users.set('ops', { password: 'changeit', groups: ['$ops'], disabled: false });

  const lastOf = (stream: string): unknown => {
    const last = log.stream(stream).at(-1);
    return last && JSON.parse(Buffer.from(last.data).toString());
  };
  const aclOf = (stream: string): Acl => {
    const { $acl } = (lastOf(`$$${stream}`) ?? {}) as { $acl?: Acl };
    const settings = { ...SERVER_DEFAULTS, ...(lastOf('$settings') as object | undefined) };
    return { ...(stream.startsWith('$') ? settings.$systemStreamAcl : settings.$userStreamAcl), ...$acl };
  };
  /** Undefined for who is not who they say. */
  const rolesOf = (metadata: grpc.Metadata): readonly string[] | undefined => {
    const [header] = metadata.get('authorization');
    if (header === undefined) return ['$all'];
    const text = Buffer.from(String(header).replace(/^Basic /i, ''), 'base64').toString();
    const colon = text.indexOf(':');
    const [login, password] = [text.slice(0, colon), text.slice(colon + 1)];
    const user = users.get(login);
    if (!user || user.disabled || user.password !== password) return undefined;
    return ['$all', login, ...user.groups];
  };
  const check = (
    metadata: grpc.Metadata,
    granted: readonly string[],
  ): grpc.ServerErrorResponse | undefined => {
    if (!secure) return undefined;
    const roles = rolesOf(metadata);
    if (!roles) return rpcError(grpc.status.UNAUTHENTICATED, 'Not authenticated');
    if (roles.includes('$admins') || granted.some((role) => roles.includes(role))) return undefined;
    return rpcError(grpc.status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
  };

  return {
    users,
    refusal: (metadata, stream, operation) => {
      const isMetadata = stream.startsWith('$$');
      const right = (isMetadata ? METADATA_RIGHTS : RIGHTS)[operation];
      const roles = aclOf(isMetadata ? stream.slice(2) : stream)[right] ?? [];
      return check(metadata, typeof roles === 'string' ? [roles] : roles);
    },
    adminRefusal: (metadata) => check(metadata, []),
  };
};
