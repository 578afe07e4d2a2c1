import { decimal, makeAccountNumber, makeCardNumber, makeDate, makePhone, makeSsn } from './identifiers.js';
import { createRandom, type SeededRandom } from './random.js';

/** What the synthetic data grow from; the same seed gives the same people in all three upstream servers. */
export type Seed = string | number;

export interface Account {
  readonly account_number: string;
  readonly kind: 'checking' | 'savings';
  /** Decimal string, US dollars. */
  readonly balance: string;
  readonly card_number: string;
}

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly ssn: string;
  readonly date_of_birth: string;
  readonly email: string;
  readonly phone: string;
  readonly address: {
    readonly street: string;
    readonly city: string;
    readonly state: string;
    readonly zip: string;
  };
  readonly accounts: readonly Account[];
  /** Free text, as people type it: may name an account, a card, a phone or a social security number. */
  readonly notes: string;
}

export interface Bank {
  readonly customers: readonly Customer[];
}

/** Seed of the demo configuration. */
export const DEMO_SEED = 'first-demo-bank';
const FIRST_ID = 1001;

const FIRST_NAMES = [
  'Amelia',
  'Bernard',
  'Chidi',
  'Dolores',
  'Elena',
  'Farid',
  'Grace',
  'Hiroshi',
  'Inés',
  'Jonas',
  'Keisha',
  'Liam',
  'Mei',
  'Noor',
  'Oskar',
  'Priya',
] as const;
const LAST_NAMES = [
  'Abbott',
  'Brandt',
  'Castillo',
  'Dubois',
  'Eriksen',
  'Fischer',
  'García',
  'Huang',
  'Ivanova',
  'Jensen',
  'Kowalski',
  'Lindqvist',
  'Müller',
  "O'Brien",
  'Park-Reyes',
  'Turner',
] as const;
const CITIES = [
  ['Boston', 'MA', '021'],
  ['Chicago', 'IL', '606'],
  ['New York', 'NY', '100'],
  ['San Francisco', 'CA', '941'],
  ['Seattle', 'WA', '981'],
  ['Arlington', 'VA', '222'],
] as const;
const STREETS = [
  'Birch Lane',
  'Canal Street',
  'Harbor View',
  'Maple Avenue',
  'Old Mill Road',
  'Station Square',
] as const;

const asciiLower = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();

const makeAccounts = (random: SeededRandom, index: number): readonly Account[] =>
  (random.integer(0, 2) === 0 ? (['checking'] as const) : (['checking', 'savings'] as const)).map(
    (kind, i) => ({
      account_number: makeAccountNumber(random, index, i),
      kind,
      // Enough for transfers over 10,000 from any account.
      balance: decimal(BigInt(random.integer(1_500_000, 25_000_000))),
      card_number: makeCardNumber(random),
    }),
  );

/** In turns, so that every kind of remark is among the first customers. */
const makeNotes = (index: number, customer: Omit<Customer, 'notes'>): string => {
  const [account] = customer.accounts;
  const remarks = [
    `Called about account ${account?.account_number}; identity confirmed with SSN ${customer.ssn}.`,
    `Wants statements for ${account?.account_number} by post. Best reached at ${customer.phone}.`,
    `Card ${account?.card_number} reported damaged, replacement sent to ${customer.address.street}.`,
    `ssn on file ${customer.ssn.replaceAll('-', '')} checked against passport, born ${customer.date_of_birth}.`,
    'No remarks.',
  ];
  return remarks[index % remarks.length] ?? '';
};

const makeCustomer = (seed: Seed, index: number, ssnsTaken: Set<string>): Customer => {
  // A generator of its own for each customer: a bank of 10 is the beginning of a bank of 1,000.
  const random = createRandom(`${seed}/${index}`);
  const first = random.pick(FIRST_NAMES);
  const last = random.pick(LAST_NAMES);
  const [city, state, zipPrefix] = random.pick(CITIES);
  let ssn = makeSsn(random);
  while (ssnsTaken.has(ssn)) ssn = makeSsn(random);
  ssnsTaken.add(ssn);
  const customer = {
    id: `C-${FIRST_ID + index}`,
    name: `${first} ${last}`,
    ssn,
    date_of_birth: makeDate(random, 1940, 2004),
    email: `${asciiLower(first)}.${asciiLower(last)}.${FIRST_ID + index}@example.com`,
    phone: makePhone(random),
    address: {
      street: `${random.integer(1, 999)} ${random.pick(STREETS)}`,
      city,
      state,
      zip: zipPrefix + random.digits(2),
    },
    accounts: makeAccounts(random, index),
  };
  return { ...customer, notes: makeNotes(index, customer) };
};

/** Synthetic customers C-1001, C-1002, ...; the same for the same seed. @param customers at most 100,000 */
export const generateBank = (seed: Seed, customers: number): Bank => {
  const ssnsTaken = new Set<string>();
  return { customers: Array.from({ length: customers }, (_, index) => makeCustomer(seed, index, ssnsTaken)) };
};
