import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bank, type Customer, DEMO_SEED, generateBank } from '../../../apps/demo-bank/bank.js';

const CUSTOMERS = 200;

/** The very customers that the demonstration's servers hold. */
export const demoBank = (): Bank => generateBank(DEMO_SEED, CUSTOMERS);

export const demoCustomer = (index: number): Customer => {
  const customer = demoBank().customers[index];
  if (customer === undefined) throw new RangeError(`there is no customer ${index}`);
  return customer;
};

/** Values that name one person or account for certain; an SSN and a phone number also without their punctuation. */
const identifiersOf = ({ ssn, email, phone, accounts }: Customer): readonly string[] => [
  ssn,
  ssn.replaceAll('-', ''),
  email,
  phone,
  phone.replace(/\D/g, ''),
  ...accounts.flatMap(({ account_number, card_number }) => [account_number, card_number]),
];

const IDENTIFIERS = [...new Set(demoBank().customers.flatMap(identifiersOf))];

/** Identifiers of the bank's customers that stand in clear in the text or bytes; none is what a test hopes for. */
export const clearIdentifiersIn = (text: string | Buffer): readonly string[] =>
  IDENTIFIERS.filter((value) => text.includes(value));

/** All files below a folder, without those in folders named in `skip`. */
export const filesBelow = async (
  folder: string,
  skip: readonly string[] = [],
): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return skip.includes(entry.name) ? [] : filesBelow(path, skip);
  });
  return (await Promise.all(found)).flat();
};

/** "file: value" for each identifier that stands in clear in a file of the folder. */
export const clearIdentifiersBelow = async (
  folder: string,
  skip: readonly string[] = [],
): Promise<readonly string[]> => {
  const findings: string[] = [];
  for (const file of await filesBelow(folder, skip)) {
    for (const value of clearIdentifiersIn(await readFile(file))) findings.push(`${file}: ${value}`);
  }
  return findings;
};
