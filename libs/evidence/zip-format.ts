import { crc32 } from 'node:zlib';

/**
 * The one form in which a pack is a zip (APPNOTE 6.3.3): files stored as they are, no extra fields, no comments, one
 * fixed time. The same files give the same bytes, and a reader can refuse everything else.
 */
export interface ZipMember {
  readonly path: string;
  readonly crc: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

export const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_RECORD = 0x06054b50;
export const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
export const END_RECORD_BYTES = 22;

/** Without zip64, which some tools of examiners cannot read. */
export const ZIP_BYTES_MAX = 0xffff_ffff;
export const ZIP_FILES_MAX = 0xffff;
export const ZIP_PATH_BYTES_MAX = 200;

const VERSION_NEEDED = 10;
/** 1980-01-01 00:00, the first moment that a zip can say. */
const DATE = (1 << 5) | 1;

/** Plain relative ASCII names, so that unpacking them anywhere is safe. */
export const isPackPath = (path: string): boolean =>
  path.length <= ZIP_PATH_BYTES_MAX && /^[A-Za-z0-9_-][\w.-]*(?:\/[A-Za-z0-9_-][\w.-]*)*$/.test(path);

export const crcOf = (bytes: Uint8Array, before = 0): number => crc32(bytes, before);

export const localHeader = ({ path, crc, bytes }: ZipMember): Buffer => {
  const header = Buffer.alloc(LOCAL_HEADER_BYTES + path.length);
  header.writeUInt32LE(LOCAL_HEADER, 0);
  writeFacts(header, 4, { path, crc, bytes });
  header.write(path, LOCAL_HEADER_BYTES, 'latin1');
  return header;
};

/** The central directory and the end record, which together end the zip. */
export const zipEnd = (members: readonly ZipMember[], start: number): Buffer => {
  const records = members.map(centralHeader);
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(END_RECORD_BYTES);
  end.writeUInt32LE(END_RECORD, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([directory, end]);
};

const centralHeader = (member: ZipMember): Buffer => {
  const header = Buffer.alloc(CENTRAL_HEADER_BYTES + member.path.length);
  header.writeUInt32LE(CENTRAL_HEADER, 0);
  header.writeUInt16LE(VERSION_NEEDED, 4);
  writeFacts(header, 6, member);
  header.writeUInt32LE(member.offset, 42);
  header.write(member.path, CENTRAL_HEADER_BYTES, 'latin1');
  return header;
};

/** What both headers say of a file: method 0 (stored), time, CRC-32, both sizes, length of the name. */
const writeFacts = (
  header: Buffer,
  at: number,
  { path, crc, bytes }: Pick<ZipMember, 'path' | 'crc' | 'bytes'>,
): void => {
  header.writeUInt16LE(VERSION_NEEDED, at);
  header.writeUInt16LE(DATE, at + 8);
  header.writeUInt32LE(crc, at + 10);
  header.writeUInt32LE(bytes, at + 14);
  header.writeUInt32LE(bytes, at + 18);
  header.writeUInt16LE(path.length, at + 22);
};
