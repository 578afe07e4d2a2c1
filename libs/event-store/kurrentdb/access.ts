/**
 * Who may do what on a KurrentDB server that holds a ledger. The server's own default lets every user delete every stream
 * and write its metadata, and `$maxAge`, `$maxCount` or `$tb` with a scavenge then destroys events for good. No rule binds
 * members of `$admins`; what they do is seen by watching (interferences.ts) and proven by the Merkle log.
 */

/** An ACL as it lies in stream metadata: read, write, delete, read and write metadata. */
export interface Acl {
  readonly $r?: Roles;
  readonly $w?: Roles;
  readonly $d?: Roles;
  readonly $mr?: Roles;
  readonly $mw?: Roles;
}
type Roles = string | readonly string[];

/** The stream with the default ACLs, and the one with the metadata of `$all`. */
export const SETTINGS_STREAM = '$settings';
export const ALL_METADATA_STREAM = '$$$all';

const ADMINS = '$admins';

/** What `$settings` has to say for a ledger that logs in as `user`. */
export const defaultAccess = (user: string): { $userStreamAcl: Acl; $systemStreamAcl: Acl } => ({
  $userStreamAcl: { $r: [user, ADMINS], $w: [user], $d: [ADMINS], $mr: [user, ADMINS], $mw: [ADMINS] },
  $systemStreamAcl: { $r: [ADMINS], $w: [ADMINS], $d: [ADMINS], $mr: [ADMINS], $mw: [ADMINS] },
});

/** What the metadata of `$all` has to say: the ledger follows the whole log. */
export const allAccess = (user: string): { $acl: Acl } => ({
  $acl: { $r: [user, ADMINS], $w: [ADMINS], $d: [ADMINS], $mr: [ADMINS], $mw: [ADMINS] },
});

/** Nobody but administrators can delete or write metadata by these defaults, whatever the name of the ledger's user is. */
export const keepsEventsSafe = (settings: unknown): boolean => {
  const { $userStreamAcl: user, $systemStreamAcl: system } = (settings ?? {}) as {
    $userStreamAcl?: Acl;
    $systemStreamAcl?: Acl;
  };
  return (
    onlyAdmins(user?.$d) &&
    onlyAdmins(user?.$mw) &&
    onlyAdmins(system?.$w) &&
    onlyAdmins(system?.$d) &&
    onlyAdmins(system?.$mw)
  );
};

/** The metadata of `$all` says who may read everything and nothing else. */
export const onlyGrantsReading = (metadata: unknown): boolean => {
  const { $acl, ...others } = (metadata ?? {}) as { $acl?: Acl };
  const granted = [$acl?.$w, $acl?.$d, $acl?.$mw];
  return (
    Object.keys(others).length === 0 && granted.every((roles) => roles === undefined || onlyAdmins(roles))
  );
};

const onlyAdmins = (roles: Roles | undefined): boolean =>
  roles === ADMINS || (Array.isArray(roles) && roles.length > 0 && roles.every((role) => role === ADMINS));
