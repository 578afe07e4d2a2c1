import { eventStoreContract } from './event-store.contract.js';
import { fakeKurrentDbFixture, realKurrentDbFixture } from './kurrentdb.fixture.js';

eventStoreContract('KurrentDB client, fake server', fakeKurrentDbFixture);

const { EVENT_STORE_URL: url } = process.env;

eventStoreContract(
  'KurrentDB client, real server',
  () => realKurrentDbFixture(url ?? ''),
  url ? undefined : 'EVENT_STORE_URL is not set',
);
