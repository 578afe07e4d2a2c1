import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tidy/source-file.js';
import { PAGES } from './pages.js';

for (const [path, page] of Object.entries(PAGES)) writeFileSync(join(ROOT, path), page());
