import type { CatalogKind } from '#core/catalog/catalog.events.js';
import type { Catalog } from '../catalog/catalog.js';

/** The servers that list this URI, or else a template for it: where the united endpoint looks for a resource. */
export const serversOfUri = async (catalog: Catalog, uri: string): Promise<readonly string[]> => {
  const exact = await listing(catalog, 'resources', (name) => name === uri);
  return exact.length > 0 ? exact : listing(catalog, 'resourceTemplates', (name) => fitsTemplate(name, uri));
};

const listing = async (
  catalog: Catalog,
  kind: CatalogKind,
  fits: (name: string) => boolean,
): Promise<readonly string[]> => {
  const lists = await Promise.allSettled(
    catalog.names().map(async (server) => {
      const entries = await catalog.entries(server, kind);
      return [...entries.keys()].some(fits) ? [server] : [];
    }),
  );
  return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
};

/** Expressions of RFC 6570 stand for anything here: this finds the server, policy decides on the URI. */
const fitsTemplate = (template: string, uri: string): boolean => {
  if (template === uri) return true;
  const pieces = template.split(/\{[^}]*\}/);
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    const found = uri.indexOf(piece, at);
    if (found < 0 || (index === 0 && found > 0)) return false;
    at = found + piece.length;
  }
  return pieces.at(-1) === '' || at === uri.length;
};
