// Exit code 0 when the service in this container is ready to do its work.
const READY = 'http://127.0.0.1:8080/readyz';
const DEADLINE_MS = 2_500;

const isReady = await fetch(READY, { signal: AbortSignal.timeout(DEADLINE_MS) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isReady ? 0 : 1);
