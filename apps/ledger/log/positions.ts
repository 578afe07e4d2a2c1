import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

const POSITION_BYTES = 8;

/** Store position of each entry of the log, by index: a file of big-endian 64-bit numbers that only grows. */
export class Positions {
  private constructor(
    private readonly handle: FileHandle,
    private length: number,
  ) {}

  /** Entries whose positions are known. */
  get count(): number {
    return this.length;
  }

  static async open(file: string): Promise<Positions> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // Not `a`: Linux ignores the place of a write in a file that was opened for appending.
    const handle = await open(file, 'r+').catch(() => open(file, 'w+', 0o600));
    const { size } = await handle.stat();
    // A crash may have left part of a position at the end.
    return new Positions(handle, Math.floor(size / POSITION_BYTES));
  }

  /** Goes on behind the first `count`; the file keeps the rest until it is written over with the same. */
  cut(count: number): void {
    this.length = count;
  }

  /** Durable once this returns. */
  async add(positions: readonly bigint[]): Promise<void> {
    const bytes = Buffer.allocUnsafe(positions.length * POSITION_BYTES);
    for (const [nth, position] of positions.entries()) bytes.writeBigUInt64BE(position, nth * POSITION_BYTES);
    await this.handle.write(bytes, 0, bytes.length, this.length * POSITION_BYTES);
    await this.handle.datasync();
    this.length += positions.length;
  }

  /** @throws RangeError for an index that is not there */
  async at(index: number): Promise<bigint> {
    const [position] = await this.range(index, index + 1);
    return position as bigint;
  }

  /** Positions from `from` up to, but not with, `to`. @throws RangeError */
  async range(from: number, to: number): Promise<readonly bigint[]> {
    if (!(from >= 0 && from <= to && to <= this.length))
      throw new RangeError(`no positions ${from} to ${to}`);
    const bytes = Buffer.allocUnsafe((to - from) * POSITION_BYTES);
    const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, from * POSITION_BYTES);
    if (bytesRead < bytes.length) throw new RangeError(`the file of positions ends before ${to}`);
    return Array.from({ length: to - from }, (_, nth) => bytes.readBigUInt64BE(nth * POSITION_BYTES));
  }

  /** Index of the entry at this store position; undefined when there is none. */
  async indexOf(position: bigint): Promise<number | undefined> {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.at(middle);
      if (found === position) return middle;
      if (found < position) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
