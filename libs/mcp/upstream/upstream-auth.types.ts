/** On whose behalf a request goes out, for upstreams that want a credential of their own for each caller. */
export interface UpstreamCaller {
  readonly issuer: string;
  readonly subject: string;
  readonly principal: string;
  /** For token exchange at an authorization server only; never sent to an upstream. */
  readonly token: string;
}

/** Where the credentials of one HTTP upstream come from. */
export interface UpstreamAuth {
  /** Callers have credentials of their own: a session opened with one must not serve another. */
  readonly perCaller?: boolean;
  /**
   * Calls when somebody has given what was missing, so that the server can be tried again at once. The listener must not
   * throw. @returns what ends it
   */
  readonly onGranted?: (listener: () => void) => () => void;
  /**
   * Added to every request.
   * @throws CountersignError when there is no credential; nothing was sent then.
   */
  headers(caller?: UpstreamCaller): Promise<Readonly<Record<string, string>>>;
  /**
   * The server answered 401 or 403, so it did nothing. @returns true: there may be better headers now, try once more.
   * @throws CountersignError when somebody has to do something first, for example to consent.
   */
  challenged(status: number, wwwAuthenticate: string | undefined, caller?: UpstreamCaller): Promise<boolean>;
}
