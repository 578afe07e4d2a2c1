import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly elapsed_ms: number;
}

/** One POST with exactly these headers and bytes; `undefined` takes a default header away. */
export const rawPost = (
  url: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const all: OutgoingHttpHeaders = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    };
    for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
    const sent = request(url, { method: 'POST', headers: all, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, text, elapsed_ms: performance.now() - started });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });

interface Frame {
  readonly result?: {
    readonly isError?: boolean;
    readonly _meta?: {
      readonly 'countersign/refusal'?: { readonly code: string; readonly approvalId?: string };
    };
  };
  readonly error?: { readonly code: number; readonly data?: { readonly code?: string } };
}

/** The JSON-RPC response in a JSON body, or the last message of an event stream. */
export const frameOf = ({ text }: RawAnswer): Frame => {
  const data = text.split('\n').findLast((line) => line.startsWith('data: '));
  return JSON.parse(data === undefined ? text : data.slice('data: '.length)) as Frame;
};

/** The stable code of a refusal, whether it came as an error or as a tool result; undefined when nothing was refused. */
export const codeOf = (answer: RawAnswer): string | undefined => {
  const { error, result } = frameOf(answer);
  return error?.data?.code ?? result?._meta?.['countersign/refusal']?.code;
};

export const rpc = (method: string, params: object = {}, id: string | number = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

export const toolCall = (name: string, input: object, meta?: object): string =>
  rpc('tools/call', { name, arguments: input, ...(meta === undefined ? {} : { _meta: meta }) });
