import { InputError } from '../command.js';

/** The values of an `application/x-ndjson` body, one a line, as they come. @throws InputError when the body breaks off */
export async function* readNdjson<Value>(
  url: string,
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Value> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as Value;
    }
  } catch (error) {
    throw new InputError(`${new URL(url).origin} stopped answering (${(error as Error).name}).`);
  }
  if (rest !== '') throw new InputError(`${new URL(url).origin} stopped in the middle of a line.`);
}
