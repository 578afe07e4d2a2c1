import { readFile } from 'node:fs/promises';
import { oneFile } from '#evidence/one-file.js';
import type { PackFile } from '#evidence/zip-write.js';

const LIBS = new URL('../../../libs/', import.meta.url);
/** Programs and instructions that travel in each pack as they are. */
const ASSETS = new URL('../../../../deploy/evidence/', import.meta.url);

const resolve = (specifier: string, from: URL): URL =>
  specifier.startsWith('#') ? new URL(specifier.slice(1), LIBS) : new URL(specifier, from);

let made: Promise<readonly PackFile[]> | undefined;

/** Files of `verify/`, the same in every pack of this version. */
export const verifierFiles = (): Promise<readonly PackFile[]> => {
  made ??= make();
  return made;
};

const make = async (): Promise<readonly PackFile[]> => {
  const program = await oneFile(
    new URL('evidence/verifier.js', LIBS),
    (main) => `process.exitCode = ${main}.verifierMain(process.argv.slice(2));`,
    resolve,
  );
  const assets = ['README.md', 'verify.go'].map(async (name) => ({
    path: `verify/${name}`,
    bytes: await readFile(new URL(name, ASSETS)),
  }));
  return [{ path: 'verify/verify.mjs', bytes: Buffer.from(program) }, ...(await Promise.all(assets))];
};
