import { randomUUID } from 'node:crypto';
import type { TeamsConfig } from '#config/teams.schema.js';
import type { JsonObject } from '#core/evidence/canonical-json.js';

/** What an invoke of a card is answered; `statusCode` is of the card, HTTP says 200. */
export interface InvokeAnswer {
  readonly statusCode: number;
  readonly type: string;
  readonly value: JsonObject | string;
}

/** The card in place of the one that was used; this person alone sees it. */
export const withCard = (card: JsonObject): InvokeAnswer => ({
  statusCode: 200,
  type: 'application/vnd.microsoft.card.adaptive',
  value: card,
});

/** A sentence below the card, which stays. */
export const withMessage = (text: string): InvokeAnswer => ({
  statusCode: 200,
  type: 'application/vnd.microsoft.activity.message',
  value: text,
});

/** The client fetches a token of its person, silently where it can, and sends the same again with it. */
export const withSignIn = ({
  audience,
  connection,
}: NonNullable<TeamsConfig['people']['sso']>): InvokeAnswer => ({
  statusCode: 401,
  type: 'application/vnd.microsoft.activity.loginRequest',
  value: {
    text: 'Sign in to decide',
    connectionName: connection,
    tokenExchangeResource: { id: randomUUID(), uri: audience },
    buttons: [],
  },
});

/** The token that came is of no use; the client says so. */
export const signInFailed = (): InvokeAnswer => ({
  statusCode: 412,
  type: 'application/vnd.microsoft.error.preconditionFailed',
  value: { code: '412', message: 'The sign-in was not accepted.' },
});
