import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { CountersignError } from '#core/errors.js';

const BYTES_MAX = 4 * 1024 * 1024;
const text = z.string().min(1).max(256);

const person = z.strictObject({
  issuer: text,
  subject: text,
  principal: text,
  human: text.transform((value) => value.normalize('NFKC').trim().toLowerCase()).optional(),
  groups: z.array(text).max(500),
});
const people = z.record(z.string(), person);

export type MappedPerson = z.output<typeof person>;

/**
 * Who has this object id, as the file says now: it is read for each vote, so that whoever is taken out has no vote from then on.
 * @throws CountersignError identity_unavailable when the file cannot be read or is not one; nothing of it is repeated
 */
export const personInFile = async (file: string, objectId: string): Promise<MappedPerson | undefined> => {
  const all = await readPeople(file).catch(() => {
    throw new CountersignError('identity_unavailable', 'the file of people of Teams cannot be used');
  });
  const found = Object.entries(all).filter(([id]) => id.toLowerCase() === objectId.toLowerCase());
  // Written twice, in two spellings: nobody can say which is meant.
  return found.length === 1 ? found[0]?.[1] : undefined;
};

const readPeople = async (file: string) => {
  const { size } = await stat(file);
  if (size > BYTES_MAX) throw new RangeError('too long');
  return people.parse(parse(await readFile(file, 'utf8'), { uniqueKeys: true }));
};
