import { configPage } from './config-page.js';
import { errorsPage } from './errors-page.js';

/** Pages of docs/ that are made from the code. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/config.md': configPage,
  'docs/errors.md': errorsPage,
};
