import { CountersignError } from '#core/errors.js';

/** Nobody has consented; nothing is sent until somebody does. */
export const isConsentNeeded = (error: unknown): boolean =>
  error instanceof CountersignError && error.code === 'upstream_consent_needed';

/** What only somebody outside the gateway can mend: told to callers as it is, not as an upstream that is down. */
export const isCredentialError = (error: unknown): error is CountersignError =>
  isConsentNeeded(error) || (error instanceof CountersignError && error.code === 'upstream_auth_failed');
