import type { System } from './system.js';

export interface CatalogItem {
  readonly server: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly why: string | null;
  readonly digest: string | null;
  readonly pinned: string | null;
  readonly pinnedBy: string | null;
  readonly votes: readonly { readonly approver: string; readonly reason: string }[];
  readonly stillNeeded: number;
}

export interface CatalogDetail extends CatalogItem {
  readonly definition: { readonly pinned: unknown; readonly listed: unknown };
  readonly difference: readonly {
    readonly at: string;
    readonly pinned?: unknown;
    readonly listed?: unknown;
  }[];
}

export interface RestAnswer<Body> {
  readonly status: number;
  readonly body: Body & { readonly code?: string };
}

/** The catalog's REST edge as one user. */
export const catalogOf = async ({ urls, issuer }: System, user = 'operator') => {
  const token = await issuer.token(user);
  const ask = async <Body>(path: string, body?: object): Promise<RestAnswer<Body>> => {
    const response = await fetch(`${urls.ingress}/catalog${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
    return { status: response.status, body: (await response.json()) as RestAnswer<Body>['body'] };
  };
  const path = (server: string, kind: string, name: string) =>
    `/${server}/${kind}/${encodeURIComponent(name)}`;
  return {
    list: (query = '') => ask<{ readonly items: readonly CatalogItem[] }>(query),
    one: (server: string, kind: string, name: string) => ask<CatalogDetail>(path(server, kind, name)),
    approve: (server: string, kind: string, name: string, body: object) =>
      ask<CatalogDetail>(`${path(server, kind, name)}/approve`, body),
    approveMany: (body: object) => ask<{ readonly items: readonly CatalogItem[] }>('/approvals', body),
  };
};
export type OperatorCatalog = Awaited<ReturnType<typeof catalogOf>>;
