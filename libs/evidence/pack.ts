import type { Json } from '#core/evidence/canonical-json.js';
import type { Findings } from './finding.js';
import type { Zip } from './zip-read.js';

/** What was given cannot be checked at all: no pack, or a key, policy or checkpoint that is none. */
export class NoPack extends Error {
  override readonly name = 'NoPack';
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Files of a pack under examination; what cannot be read becomes a finding. */
export class Pack {
  constructor(
    readonly zip: Zip,
    readonly findings: Findings,
  ) {}

  /** Undefined, with a finding unless `optional`, when the file is not there. */
  bytes(path: string, optional?: 'optional'): Uint8Array | undefined {
    const bytes = this.zip.read(path);
    if (bytes === undefined && optional === undefined)
      this.findings.add('truncated', `${path} is missing`, { file: path });
    return bytes;
  }

  text(path: string, optional?: 'optional'): string | undefined {
    const bytes = this.bytes(path, optional);
    return bytes === undefined ? undefined : this.attempt(path, () => decoder.decode(bytes));
  }

  /** JSON of the shape that `read` accepts; `read` throws otherwise. */
  json<Value>(path: string, read: (value: Json) => Value, optional?: 'optional'): Value | undefined {
    const text = this.text(path, optional);
    return text === undefined ? undefined : this.attempt(path, () => read(JSON.parse(text) as Json));
  }

  /** Undefined and a finding when `read` throws. */
  attempt<Value>(path: string, read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      this.findings.add('file_malformed', `${path} cannot be read: ${(error as Error).message}`, {
        file: path,
      });
      return undefined;
    }
  }

  /** Paths in a folder, sorted. */
  in(folder: string): readonly string[] {
    return this.zip.paths.filter((path) => path.startsWith(`${folder}/`)).sort();
  }
}
