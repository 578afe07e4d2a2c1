/**
 * A flat index of a JSON text: four integers a node, in document order, so that walking needs no copy of the values
 * and every untouched character stays where it is. Nodes of an object alternate key, value.
 */
export interface Tape {
  data: Int32Array;
  length: number;
}

export const OBJECT = 0;
export const ARRAY = 1;
/** A string without escapes. start..end is the text between the quotes. */
export const STRING = 2;
/** A string with at least one escape. */
export const ESCAPED_STRING = 3;
export const NUMBER = 4;
export const LITERAL = 5;
export const NODE_INTS = 4;

const newTape = (ints: number): Tape => ({ data: new Int32Array(ints), length: 0 });

/** Enough for a body of 128 KB; holds positions only, never a character of a body. */
const SCRATCH_INTS = 65_536;
const SCRATCH = newTape(SCRATCH_INTS);

/** An empty tape: the scratch one for bodies of usual size, which is free again once the body is masked. */
export const takeTape = (ints: number): Tape => {
  if (ints > SCRATCH_INTS) return newTape(ints);
  SCRATCH.length = 0;
  return SCRATCH;
};

export const typeOf = (tape: Tape, node: number): number => tape.data[node] as number;
export const startOf = (tape: Tape, node: number): number => tape.data[node + 1] as number;
export const endOf = (tape: Tape, node: number): number => tape.data[node + 2] as number;
export const isString = (tape: Tape, node: number): boolean =>
  tape.data[node] === STRING || tape.data[node] === ESCAPED_STRING;
/** The node after this one and all it contains. */
export const nextOf = (tape: Tape, node: number): number => tape.data[node + 3] as number;

interface Reader {
  readonly text: string;
  readonly end: number;
  readonly tape: Tape;
  readonly depth_max: number;
  /** Strict: RFC 8259 to the letter. Otherwise single quotes, raw control characters and any escape pass too. */
  readonly strict: boolean;
  depth: number;
  stopped: boolean;
  tooDeep: boolean;
}

const open = (tape: Tape, type: number, start: number): number => {
  const node = tape.length;
  if (node + NODE_INTS > tape.data.length) {
    const larger = new Int32Array(tape.data.length * 2);
    larger.set(tape.data);
    tape.data = larger;
  }
  tape.data[node] = type;
  tape.data[node + 1] = start;
  tape.length = node + NODE_INTS;
  return node;
};

const close = (tape: Tape, node: number, end: number): void => {
  tape.data[node + 2] = end;
  tape.data[node + 3] = tape.length;
};

const skipSpace = (reader: Reader, from: number): number => {
  const { text, end } = reader;
  let i = from;
  while (i < end) {
    const code = text.charCodeAt(i);
    if (code > 0x20) break;
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    i++;
  }
  return i;
};

const stop = (reader: Reader, at: number): number => {
  reader.stopped = true;
  return at;
};

const isHex = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);

/** One of `" \\ / b f n r t`. */
const isSimpleEscape = (code: number): boolean =>
  code === 0x22 ||
  code === 0x5c ||
  code === 0x6e ||
  code === 0x2f ||
  code === 0x74 ||
  code === 0x72 ||
  code === 0x62 ||
  code === 0x66;

/** Index after the escape whose backslash is at `at`, or -1. */
const skipEscape = (reader: Reader, at: number): number => {
  const code = reader.text.charCodeAt(at + 1);
  if (!reader.strict) return Math.min(at + 2, reader.end);
  if (code === 0x75) {
    for (let k = 2; k < 6; k++) if (!isHex(reader.text.charCodeAt(at + k))) return -1;
    return at + 6;
  }
  return at + 1 < reader.end && isSimpleEscape(code) ? at + 2 : -1;
};

const readString = (reader: Reader, from: number): number => {
  const { text, end, strict } = reader;
  const quote = text.charCodeAt(from);
  const node = open(reader.tape, STRING, from + 1);
  let i = from + 1;
  while (i < end) {
    const code = text.charCodeAt(i);
    // Most characters are small letters, beyond everything that means something here.
    if (code > 0x5c) {
      i++;
      continue;
    }
    if (code === quote) {
      close(reader.tape, node, i);
      return i + 1;
    }
    if (code === 0x5c) {
      reader.tape.data[node] = ESCAPED_STRING;
      const next = skipEscape(reader, i);
      if (next < 0) break;
      i = next;
    } else if (code < 0x20 && strict) break;
    else i++;
  }
  // Cut off: in prose this is a truncated value, which deserves the context of its key all the same.
  close(reader.tape, node, i);
  return stop(reader, i);
};

const digitsFrom = (reader: Reader, from: number): number => {
  const { text, end } = reader;
  let i = from;
  while (i < end && text.charCodeAt(i) >= 0x30 && text.charCodeAt(i) <= 0x39) i++;
  return i;
};

/** What follows can follow a value. */
const endsValue = (reader: Reader, at: number): boolean => {
  const next = skipSpace(reader, at);
  if (next === reader.end) return true;
  const code = reader.text.charCodeAt(next);
  return code === 0x2c || code === 0x5d || code === 0x7d;
};

const readNumber = (reader: Reader, from: number): number => {
  const { text, tape } = reader;
  const first = text.charCodeAt(from) === 0x2d ? from + 1 : from;
  let i = digitsFrom(reader, first);
  if (i === first || (reader.strict && text.charCodeAt(first) === 0x30 && i > first + 1))
    return stop(reader, from);
  if (i < reader.end && text.charCodeAt(i) === 0x2e) {
    const fraction = digitsFrom(reader, i + 1);
    if (fraction === i + 1) return stop(reader, from);
    i = fraction;
  }
  if (i < reader.end && (text.charCodeAt(i) | 0x20) === 0x65) {
    const sign = text.charCodeAt(i + 1);
    const power = sign === 0x2b || sign === 0x2d ? i + 2 : i + 1;
    const after = digitsFrom(reader, power);
    if (after === power) return stop(reader, from);
    i = after;
  }
  // `[2024-01-01]` does not begin with the number 2024, nor `[523 96 8051]` with 523.
  if (!reader.strict && !endsValue(reader, i)) return stop(reader, from);
  close(tape, open(tape, NUMBER, from), i);
  return i;
};

const STRICT_LITERALS = ['true', 'false', 'null'];
const LENIENT_LITERALS = [...STRICT_LITERALS, 'True', 'False', 'None', 'NaN', 'undefined'];

const readLiteral = (reader: Reader, from: number): number => {
  for (const word of reader.strict ? STRICT_LITERALS : LENIENT_LITERALS) {
    if (reader.text.startsWith(word, from) && from + word.length <= reader.end) {
      close(reader.tape, open(reader.tape, LITERAL, from), from + word.length);
      return from + word.length;
    }
  }
  return stop(reader, from);
};

const isQuote = (reader: Reader, at: number): boolean => {
  const code = at < reader.end ? reader.text.charCodeAt(at) : 0;
  return code === 0x22 || (code === 0x27 && !reader.strict);
};

/** Reads key and colon; the index of the value, or the place where it stopped. */
const readKey = (reader: Reader, from: number): number => {
  if (!isQuote(reader, from)) return stop(reader, from);
  const key = reader.tape.length;
  let i = readString(reader, from);
  if (!reader.stopped) {
    i = skipSpace(reader, i);
    if (i < reader.end && reader.text.charCodeAt(i) === 0x3a) return skipSpace(reader, i + 1);
  }
  // A key without a value is no member: what was read goes back to being text.
  reader.tape.length = key;
  return stop(reader, from);
};

const readContainer = (reader: Reader, from: number): number => {
  const isObject = reader.text.charCodeAt(from) === 0x7b;
  const closing = isObject ? 0x7d : 0x5d;
  if (reader.depth >= reader.depth_max) {
    reader.tooDeep = true;
    return stop(reader, from);
  }
  reader.depth++;
  const node = open(reader.tape, isObject ? OBJECT : ARRAY, from);
  let i = skipSpace(reader, from + 1);
  if (i < reader.end && reader.text.charCodeAt(i) === closing) i++;
  else {
    for (;;) {
      const member = reader.tape.length;
      if (isObject) i = readKey(reader, i);
      const value = reader.tape.length;
      if (!reader.stopped) i = readValue(reader, i);
      // A key whose value could not even begin must not stand alone on the tape.
      if (reader.stopped && reader.tape.length === value) reader.tape.length = member;
      if (reader.stopped) break;
      i = skipSpace(reader, i);
      const code = i < reader.end ? reader.text.charCodeAt(i) : 0;
      if (code === closing) {
        i++;
        break;
      }
      if (code !== 0x2c) {
        stop(reader, i);
        break;
      }
      i = skipSpace(reader, i + 1);
    }
  }
  close(reader.tape, node, i);
  reader.depth--;
  return i;
};

const readValue = (reader: Reader, from: number): number => {
  if (from >= reader.end) return stop(reader, from);
  const code = reader.text.charCodeAt(from);
  if (code === 0x7b || code === 0x5b) return readContainer(reader, from);
  if (isQuote(reader, from)) return readString(reader, from);
  if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return readNumber(reader, from);
  return readLiteral(reader, from);
};

/**
 * Indexes a whole text as exactly one RFC 8259 value, UTF-16 in, duplicate keys not looked at.
 * @returns the root node, or why not.
 */
export const readStrict = (
  text: string,
  tape: Tape,
  depth_max: number,
): number | 'malformed' | 'too deep' => {
  const reader: Reader = {
    text,
    end: text.length,
    tape,
    depth_max,
    strict: true,
    depth: 0,
    stopped: false,
    tooDeep: false,
  };
  const root = tape.length;
  const after = skipSpace(reader, readValue(reader, skipSpace(reader, 0)));
  if (reader.tooDeep) return 'too deep';
  return reader.stopped || after !== text.length ? 'malformed' : root;
};

/**
 * Indexes the JSON-like value that starts at `from` inside prose, as far as it can be read. It never goes back: what
 * was read before a mistake stays read, and the text after it is prose again, so that scanning stays linear.
 * @returns the index after what was read.
 */
export const readFragment = (
  text: string,
  from: number,
  end: number,
  tape: Tape,
  depth_max: number,
): number =>
  readValue({ text, end, tape, depth_max, strict: false, depth: 0, stopped: false, tooDeep: false }, from);
