import { CountersignError } from '#core/errors.js';

/** What only somebody outside the gateway can mend: told to callers as it is, not as an upstream that is down. */
export const isCredentialError = (error: unknown): error is CountersignError =>
  error instanceof CountersignError &&
  (error.code === 'upstream_consent_needed' || error.code === 'upstream_auth_failed');
