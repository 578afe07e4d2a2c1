import type { BaseOptions, KurrentDBClient } from '@kurrent/kurrentdb-client';
import type { UsersClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_grpc_pb.js';
import type * as messages from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_pb.js';

export interface UserDetails {
  readonly groups: readonly string[];
  readonly disabled: boolean;
}

/** The users of a server, as an administrator. Every call rejects with the server's error. */
export interface Users {
  /** Undefined when there is no such user. */
  details(login: string): Promise<UserDetails | undefined>;
  create(login: string, password: string): Promise<void>;
  resetPassword(login: string, password: string): Promise<void>;
}

type CallArguments =
  Parameters<UsersClient['create']> extends [unknown, infer Metadata, ...unknown[]]
    ? [Metadata, object]
    : never;

/** What the client offers its own commands; it has the messages of the user service but no command for them. */
interface ClientInternals {
  execute<Result>(
    service: typeof UsersClient,
    name: string,
    action: (client: UsersClient) => Promise<Result>,
  ): Promise<Result>;
  callArguments(options: BaseOptions): CallArguments;
}

const NOT_FOUND = 5;

export const usersOf = async (client: KurrentDBClient): Promise<Users> => {
  const service = await import(
    '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_grpc_pb.js'
  );
  // Its exports are made at run time, so that only the default export is seen from here.
  const { default: pb } = (await import(
    '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_pb.js'
  )) as unknown as { default: typeof messages };
  const internals = client as unknown as ClientInternals;

  const call = (
    name: string,
    run: (users: UsersClient, args: CallArguments, done: Done) => void,
  ): Promise<void> =>
    internals.execute(service.UsersClient, name, (users) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      run(users, internals.callArguments({}), (error) => (error ? reject(error) : resolve()));
      return promise;
    });

  return {
    details: (login) =>
      internals.execute(service.UsersClient, 'userDetails', async (users) => {
        const options = new pb.DetailsReq.Options();
        options.setLoginName(login);
        const request = new pb.DetailsReq();
        request.setOptions(options);
        try {
          for await (const answer of users.details(request, ...internals.callArguments({}))) {
            const found = (answer as messages.DetailsResp).getUserDetails();
            if (found) return { groups: found.getGroupsList(), disabled: found.getDisabled() };
          }
          return undefined;
        } catch (error) {
          if ((error as { code?: unknown }).code === NOT_FOUND) return undefined;
          throw error;
        }
      }),
    create: (login, password) => {
      const options = new pb.CreateReq.Options();
      options.setLoginName(login);
      options.setPassword(password);
      options.setFullName('Countersign ledger');
      const request = new pb.CreateReq();
      request.setOptions(options);
      return call('createUser', (users, args, done) => users.create(request, ...args, done));
    },
    resetPassword: (login, password) => {
      const options = new pb.ResetPasswordReq.Options();
      options.setLoginName(login);
      options.setNewPassword(password);
      const request = new pb.ResetPasswordReq();
      request.setOptions(options);
      return call('resetPassword', (users, args, done) => users.resetPassword(request, ...args, done));
    },
  };
};

type Done = (error: Error | null) => void;
