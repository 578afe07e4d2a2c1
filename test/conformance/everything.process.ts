/** `node dist/test/conformance/everything.process.js both|legacy|modern [port]`: one of the fixtures, by hand. */
import { type Eras, startEverything } from './everything/everything-server.js';

const [eras = 'both', port = '0'] = process.argv.slice(2);
const { url } = await startEverything(eras as Eras, Number(port));
console.log(`ready: ${url}`);
