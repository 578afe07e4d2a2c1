import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NOWHERE, type Reached } from './steps.js';

export interface FileToWrite {
  /** Below the folder. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Files of one folder that one process writes. A crash leaves each file as it was, or whole and new. */
export class DurableFiles {
  private readonly durable_folders = new Set<string>();
  private next = 0;

  private constructor(
    readonly folder: string,
    private readonly reached: Reached,
  ) {}

  static async open(folder: string, reached: Reached = NOWHERE): Promise<DurableFiles> {
    // What a crash left half written has no name that anybody reads.
    await rm(join(folder, 'tmp'), { recursive: true, force: true });
    await mkdir(join(folder, 'tmp'), { recursive: true, mode: 0o700 });
    await syncFolder(dirname(folder));
    return new DurableFiles(folder, reached);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.folder, path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** Replaces what is there. Durable once this returns. */
  async write(files: readonly FileToWrite[]): Promise<void> {
    const temporary: string[] = [];
    for (const { bytes } of files) temporary.push(await this.writeTemporary(bytes));
    const folders = new Set<string>();
    for (const [nth, { path }] of files.entries()) {
      const target = join(this.folder, path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(temporary[nth] ?? '', target);
      this.reached('file_renamed');
      for (const folder of this.foldersToSync(dirname(target))) folders.add(folder);
    }
    for (const folder of folders) await syncFolder(folder);
    for (const folder of folders) this.durable_folders.add(folder);
  }

  private async writeTemporary(bytes: Uint8Array): Promise<string> {
    this.next += 1;
    const file = join(this.folder, 'tmp', String(this.next));
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.reached('file_written');
    return file;
  }

  /** The file's own folder, and each one above it whose name may be new. */
  private foldersToSync(folder: string): readonly string[] {
    const folders = [folder];
    for (let at = folder; at !== this.folder && !this.durable_folders.has(at); ) {
      at = dirname(at);
      folders.push(at);
    }
    return folders;
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
