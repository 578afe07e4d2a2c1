import * as grpc from '@grpc/grpc-js';
import type { Access, User } from './access.js';
import { rpcError } from './wire.js';

interface UserOptions {
  readonly login_name: string;
  readonly password?: string;
  readonly new_password?: string;
  readonly groups?: readonly string[];
}
type UserRequest = { readonly options: UserOptions };
type Unary = grpc.ServerUnaryCall<UserRequest, object>;

/** Users: what an administrator does to them. */
export const userHandlers = ({ users, adminRefusal }: Access) => {
  const unary =
    (change: (options: UserOptions, user: User | undefined) => grpc.ServerErrorResponse | undefined) =>
    (call: Unary, answer: grpc.sendUnaryData<object>): void => {
      const { options } = call.request;
      const error = adminRefusal(call.metadata) ?? change(options, users.get(options.login_name));
      if (error) answer(error);
      else answer(null, {});
    };
  return {
    Create: unary(({ login_name, password = '', groups = [] }, user) => {
      if (user)
        return rpcError(grpc.status.FAILED_PRECONDITION, 'User exists', { exception: 'user-conflict' });
      users.set(login_name, { password, groups, disabled: false });
      return undefined;
    }),
    ResetPassword: unary(({ login_name, new_password = '' }, user) => {
      if (!user) return notFound(login_name);
      user.password = new_password;
      return undefined;
    }),
    Details: (call: grpc.ServerWritableStream<UserRequest, object>): void => {
      const { login_name } = call.request.options;
      const user = users.get(login_name);
      const error = adminRefusal(call.metadata) ?? (user ? undefined : notFound(login_name));
      if (error) return void call.emit('error', error);
      call.write({ user_details: { login_name, groups: user?.groups, disabled: user?.disabled } });
      call.end();
    },
  };
};

const notFound = (login: string): grpc.ServerErrorResponse =>
  rpcError(grpc.status.NOT_FOUND, `User '${login}' is not found.`, {
    exception: 'user-not-found',
    'login-name': login,
  });
