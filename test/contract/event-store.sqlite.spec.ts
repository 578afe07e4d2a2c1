import { eventStoreContract } from './event-store.contract.js';
import { sqliteFixture } from './sqlite.fixture.js';

eventStoreContract('SQLite', sqliteFixture);
