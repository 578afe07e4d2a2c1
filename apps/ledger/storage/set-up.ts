export { setUpKurrentDb } from '#event-store/kurrentdb/setup-kurrentdb.js';
