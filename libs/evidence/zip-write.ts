import {
  crcOf,
  isPackPath,
  localHeader,
  ZIP_BYTES_MAX,
  ZIP_FILES_MAX,
  type ZipMember,
  zipEnd,
} from './zip-format.js';

export interface PackFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The pack is larger than a zip without zip64 can be; ask for less. */
export class PackTooLarge extends Error {
  override readonly name = 'PackTooLarge';
}

/** The zip, piece by piece, in the order of the files. @throws PackTooLarge, RangeError for a name no pack has */
export async function* zipOf(
  files: AsyncIterable<PackFile> | Iterable<PackFile>,
): AsyncGenerator<Uint8Array> {
  const members: ZipMember[] = [];
  let offset = 0;
  for await (const { path, bytes } of files) {
    if (!isPackPath(path)) throw new RangeError(`"${path}" is no name for a file of a pack`);
    const member = { path, crc: crcOf(bytes), bytes: bytes.length, offset };
    const header = localHeader(member);
    members.push(member);
    offset += header.length + bytes.length;
    if (offset > ZIP_BYTES_MAX || members.length > ZIP_FILES_MAX)
      throw new PackTooLarge('the pack would be larger than 4 GiB or have more than 65,535 files');
    yield header;
    yield bytes;
  }
  const end = zipEnd(members, offset);
  if (offset + end.length > ZIP_BYTES_MAX) throw new PackTooLarge('the pack would be larger than 4 GiB');
  yield end;
}
