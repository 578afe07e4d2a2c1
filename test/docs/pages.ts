import { configPage } from './config-page.js';
import { errorsPage } from './errors-page.js';
import { SCHEMA_PAGES } from './schema-pages.js';

/** Pages of docs/ that are made from the code. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/config.md': configPage,
  'docs/errors.md': errorsPage,
  ...SCHEMA_PAGES,
};
