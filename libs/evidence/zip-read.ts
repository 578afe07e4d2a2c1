import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  crcOf,
  END_RECORD_BYTES,
  isPackPath,
  LOCAL_HEADER,
  LOCAL_HEADER_BYTES,
  localHeader,
  ZIP_FILES_MAX,
  type ZipMember,
  zipEnd,
} from './zip-format.js';

/** Bytes that are read where they are needed: a pack may be larger than memory. */
export interface ByteSource {
  readonly length: number;
  /** Exactly so many bytes; the caller stays within `length`. */
  read(offset: number, length: number): Uint8Array;
}

export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

/** @throws Error of node:fs when the file cannot be read */
export const openFile = (file: string): ByteSource & { close(): void } => {
  const handle = openSync(file, 'r');
  return {
    length: fstatSync(handle).size,
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      for (let at = 0; at < length; ) {
        const read = readSync(handle, bytes, at, length - at, offset + at);
        if (read === 0) throw new Error(`${file} ended while it was read`);
        at += read;
      }
      return bytes;
    },
    close: () => closeSync(handle),
  };
};

/** The zip is not written as packs are; `path` is the file before which that was seen. */
export class ContainerError extends Error {
  override readonly name = 'ContainerError';
}

export class Zip {
  private constructor(
    private readonly source: ByteSource,
    private readonly members: ReadonlyMap<string, ZipMember>,
  ) {}

  /** Every byte outside the files must be what the writer writes. @throws ContainerError */
  static open(source: ByteSource): Zip {
    const members = new Map<string, ZipMember>();
    let offset = 0;
    while (isHeader(source, offset)) {
      const member = readMember(source, offset);
      if (members.has(member.path)) throw new ContainerError(`${member.path} is there twice`);
      if (members.size >= ZIP_FILES_MAX) throw new ContainerError('there are too many files');
      members.set(member.path, member);
      offset = dataOf(member) + member.bytes;
    }
    const end = zipEnd([...members.values()], offset);
    const isWhole = source.length === offset + end.length && end.equals(source.read(offset, end.length));
    if (!isWhole)
      throw new ContainerError(`the directory of the zip is not that of its ${members.size} files`);
    return new Zip(source, members);
  }

  get paths(): readonly string[] {
    return [...this.members.keys()];
  }

  has(path: string): boolean {
    return this.members.has(path);
  }

  /** Undefined when there is no such file. */
  read(path: string): Uint8Array | undefined {
    const member = this.members.get(path);
    return member === undefined ? undefined : this.source.read(dataOf(member), member.bytes);
  }

  /** The file in pieces. @throws ContainerError at its end when it is not what the zip's checksum says */
  *pieces(path: string, piece_bytes = 4_000_000): Generator<Uint8Array> {
    const member = this.members.get(path);
    if (member === undefined) return;
    let crc = 0;
    for (let at = 0; at < member.bytes; at += piece_bytes) {
      const piece = this.source.read(dataOf(member) + at, Math.min(piece_bytes, member.bytes - at));
      crc = crcOf(piece, crc);
      yield piece;
    }
    if (crc !== member.crc) throw new ContainerError(`${path} does not fit the checksum of the zip`);
  }
}

const dataOf = ({ offset, path }: ZipMember): number => offset + LOCAL_HEADER_BYTES + path.length;

const isHeader = (source: ByteSource, offset: number): boolean =>
  offset + END_RECORD_BYTES <= source.length &&
  Buffer.from(source.read(offset, 4)).readUInt32LE() === LOCAL_HEADER;

const cutAt = (offset: number): ContainerError =>
  new ContainerError(`the zip is cut short at byte ${offset}`);

const readMember = (source: ByteSource, offset: number): ZipMember => {
  if (offset + LOCAL_HEADER_BYTES > source.length) throw cutAt(offset);
  const fixed = Buffer.from(source.read(offset, LOCAL_HEADER_BYTES));
  const path_bytes = fixed.readUInt16LE(26);
  if (offset + LOCAL_HEADER_BYTES + path_bytes > source.length) throw cutAt(offset);
  const header = Buffer.from(source.read(offset, LOCAL_HEADER_BYTES + path_bytes));
  const path = header.toString('latin1', LOCAL_HEADER_BYTES);
  const member = { path, crc: header.readUInt32LE(14), bytes: header.readUInt32LE(18), offset };
  if (!isPackPath(path) || !localHeader(member).equals(header))
    throw new ContainerError(`the header at byte ${offset} is not one that a pack has`);
  if (dataOf(member) + member.bytes > source.length) throw cutAt(offset);
  return member;
};
