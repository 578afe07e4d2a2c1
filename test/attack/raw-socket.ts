import { connect } from 'node:net';

export interface SocketAnswer {
  /** Status of each response on the connection, in order. */
  readonly statuses: readonly number[];
  readonly text: string;
}

const WAIT_MS = 1_500;

/**
 * Writes exactly these bytes and reads until the other side has closed, or has said nothing for a moment after its first
 * answer: what an HTTP client would refuse to send, and answers that it would not show.
 */
export const sendBytes = (base: string, bytes: string | Uint8Array): Promise<SocketAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base);
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
      resolve({ statuses, text });
    };
    let timer = setTimeout(done, WAIT_MS);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      clearTimeout(timer);
      timer = setTimeout(done, 100);
    });
    socket.once('end', done);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Closed while we were still writing: what was answered before counts.
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') done();
      else reject(error);
    });
  });
