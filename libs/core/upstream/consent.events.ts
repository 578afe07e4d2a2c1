/** Whose tokens a consent gives: those of the gateway, consented to by an operator for all, or those of one caller. */
export type ConsentOwner = 'gateway' | 'caller';

export interface UpstreamConsentRequested {
  readonly type: 'UpstreamConsentRequested';
  readonly v: 1;
  readonly data: { readonly upstream: string; readonly owner: ConsentOwner };
}

/** On record before the tokens are kept or used. */
export interface UpstreamConsentGranted {
  readonly type: 'UpstreamConsentGranted';
  readonly v: 1;
  readonly data: {
    readonly upstream: string;
    readonly owner: ConsentOwner;
    /** The authorization server. */
    readonly issuer: string;
    /** Asked for; '' when the server chose. */
    readonly scope: string;
  };
}

export interface UpstreamConsentRefused {
  readonly type: 'UpstreamConsentRefused';
  readonly v: 1;
  readonly data: { readonly upstream: string; readonly owner: ConsentOwner; readonly reason: string };
}

export interface UpstreamConsentRevoked {
  readonly type: 'UpstreamConsentRevoked';
  readonly v: 1;
  readonly data: { readonly upstream: string; readonly owner: ConsentOwner; readonly issuer: string };
}

export type ConsentEvent =
  | UpstreamConsentRequested
  | UpstreamConsentGranted
  | UpstreamConsentRefused
  | UpstreamConsentRevoked;

export const consentStream = (id: string): string => `consent-${id}`;
