import type { Config } from '#config/config.schema.js';

/** Addresses of the approval page as browsers know them; without a slash at the end. */
export interface PageAddress {
  readonly base: string;
  /** Of the base: what a proxy has put before our paths. */
  readonly path: string;
  /** Cookies travel over TLS only, and are bound to this host. */
  readonly isSecure: boolean;
}

export const pageAddress = ({ approvals }: Config, publicUrl: string): PageAddress => {
  const base = (approvals.page_url ?? publicUrl).replace(/\/+$/, '');
  const { protocol, pathname } = new URL(base);
  return { base, path: pathname.replace(/\/+$/, ''), isSecure: protocol === 'https:' };
};

/** The base address, known only once the port is bound, hence a function. */
export const PAGE_URL = Symbol('PAGE_URL');

/** Where a person decides about one approval. */
export const approvalPageUrl = (base: string, approvalId: string): string =>
  `${base}/approvals/${encodeURIComponent(approvalId)}/page`;
