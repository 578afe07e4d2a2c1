import { describe, expect, it } from 'vitest';
import { DEMO_SEED, generateBank } from './bank.js';
import { cents, decimal, luhnCheckDigit } from './identifiers.js';

const bank = generateBank('a seed', 2_000);
const accounts = bank.customers.flatMap((customer) => customer.accounts);

describe('the synthetic bank', () => {
  it('is the same for the same seed and another for another', () => {
    expect(generateBank('a seed', 2_000)).toEqual(bank);
    expect(generateBank('b seed', 5).customers).not.toEqual(bank.customers.slice(0, 5));
  });

  it('is the same for a seed given as a number or as text', () => {
    expect(generateBank(7, 3)).toEqual(generateBank('7', 3));
  });

  it('of few customers is the beginning of one of many', () => {
    expect(generateBank('a seed', 30).customers).toEqual(bank.customers.slice(0, 30));
  });

  it('does not change from version to version, for people write its numbers into tests and documents', () => {
    const [first] = generateBank(DEMO_SEED, 1).customers;
    expect(first).toMatchInlineSnapshot(`
      {
        "accounts": [
          {
            "account_number": "510000000720",
            "balance": "75245.62",
            "card_number": "5218296751441081",
            "kind": "checking",
          },
        ],
        "address": {
          "city": "Seattle",
          "state": "WA",
          "street": "764 Old Mill Road",
          "zip": "98164",
        },
        "date_of_birth": "1995-08-17",
        "email": "oskar.kowalski.1001@example.com",
        "id": "C-1001",
        "name": "Oskar Kowalski",
        "notes": "Called about account 510000000720; identity confirmed with SSN 194-97-9916.",
        "phone": "(617) 555-0156",
        "ssn": "194-97-9916",
      }
    `);
  });

  it('numbers its customers from C-1001 and gives each an address at example.com', () => {
    expect(bank.customers[0]?.id).toBe('C-1001');
    expect(bank.customers[1_999]?.id).toBe('C-3000');
    for (const { email, phone } of bank.customers) {
      expect(email).toMatch(/^[a-z]+\.[a-z]+\.\d+@example\.com$/);
      expect(phone).toMatch(/^\(\d{3}\) 555-01\d\d$/);
    }
  });

  it('has social security numbers that could have been assigned, none of them twice', () => {
    for (const { ssn } of bank.customers) {
      const [area = '', group, serial] = /^(\d{3})-(\d{2})-(\d{4})$/.exec(ssn)?.slice(1) ?? [];
      expect(area >= '001' && area <= '899' && area !== '666' && group !== '00' && serial !== '0000').toBe(
        true,
      );
    }
    expect(new Set(bank.customers.map(({ ssn }) => ssn)).size).toBe(bank.customers.length);
  });

  it('has card numbers of 16 digits that pass the Luhn check', () => {
    // An independent formulation: double every second digit from the right and sum the digits.
    const passes = (card: string): boolean =>
      [...card].reduce(
        (sum, c, i) =>
          sum + [...String(Number(c) * (i % 2 === 0 ? 2 : 1))].reduce((a, d) => a + Number(d), 0),
        0,
      ) %
        10 ===
      0;
    expect(passes('4111111111111111')).toBe(true);
    expect(passes('4111111111111112')).toBe(false);
    expect(luhnCheckDigit('7992739871')).toBe(3);
    for (const { card_number } of accounts)
      expect(/^\d{16}$/.test(card_number) && passes(card_number)).toBe(true);
  });

  it('has account numbers of 12 digits, none of them twice, and balances as decimal strings over 10,000', () => {
    expect(new Set(accounts.map(({ account_number }) => account_number)).size).toBe(accounts.length);
    for (const { account_number, balance } of accounts) {
      expect(account_number).toMatch(/^\d{12}$/);
      expect(balance).toMatch(/^\d+\.\d\d$/);
      expect(Number(balance)).toBeGreaterThan(10_000);
    }
  });

  it('has notes that name account and social security numbers in free text', () => {
    const naming = (pick: (customer: (typeof bank.customers)[number]) => string | undefined): number =>
      bank.customers.filter((customer) => customer.notes.includes(pick(customer) ?? '-')).length;
    expect(naming(({ ssn }) => ssn)).toBeGreaterThan(100);
    expect(naming(({ ssn }) => ssn.replaceAll('-', ''))).toBeGreaterThan(100);
    expect(naming(({ accounts: [account] }) => account?.account_number)).toBeGreaterThan(100);
  });
});

describe('money', () => {
  it('is converted between decimal strings and cents exactly', () => {
    for (const [text, value] of [
      ['0.00', 0n],
      ['0.05', 5n],
      ['12500.00', 1_250_000n],
      ['-3.10', -310n],
    ] as const) {
      expect(decimal(value)).toBe(text);
    }
    expect([cents('1'), cents('1.5'), cents('1.05'), cents('999999999999.99')]).toEqual([
      100n,
      150n,
      105n,
      99_999_999_999_999n,
    ]);
  });
});
