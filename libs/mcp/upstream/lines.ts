const LF = 0x0a;

/** Splits a byte stream at line feeds. @returns a function that takes a chunk; it throws RangeError over the limit. */
export const createLineSplitter = (
  line_bytes_max: number,
  onLine: (line: Uint8Array) => void,
): ((chunk: Uint8Array) => void) => {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      if (restBytes + end - start > line_bytes_max) throw new RangeError('line too long');
      const piece = chunk.subarray(start, end);
      const line = restBytes === 0 ? piece : Buffer.concat([...rest, piece]);
      rest = [];
      restBytes = 0;
      start = end + 1;
      onLine(line);
    }
    if (start === chunk.length) return;
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > line_bytes_max) throw new RangeError('line too long');
  };
};
