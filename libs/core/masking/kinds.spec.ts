import { describe, expect, it } from 'vitest';
import { maskedData, maskedText } from './masking.fixture.js';

/*
 * Not found yet, and so not promised: digits behind percent, HTML-entity, base64, hex or UTF-16 encoding in a string;
 * letters for digits (O, l), Unicode tag characters, numbers in words or reversed; one value split over fields, array
 * elements, content blocks or lines; one SSN digit a group without a label; "jane (at) example"; punycode is found only
 * as it stands; data: URIs in text; XML elements for names and addresses.
 */

/** One line a case: what stands in the text, and what is left of it. */
type Cases = readonly (readonly [before: string, after: string])[];

const inText = (title: string, cases: Cases) =>
  describe(title, () => {
    it.each(cases)('%s', (before, after) => expect(maskedText(before)).toBe(after));
  });

inText('US_SSN in text', [
  ['SSN 523-96-8051', 'SSN [US_SSN]'],
  ['it is 523-96-8051.', 'it is [US_SSN].'],
  ['523 96 8051', '[US_SSN]'],
  ['523.96.8051', '[US_SSN]'],
  ['523/96/8051', '[US_SSN]'],
  ['523_96_8051', '[US_SSN]'],
  ['523 - 96 - 8051', '[US_SSN]'],
  ['523--96--8051', '[US_SSN]'],
  ['523-96 8051', '[US_SSN]'],
  ['523-96-\n8051', '[US_SSN]'],
  ['x523-96-8051y', 'x[US_SSN]y'],
  ['12 523-96-8051 34', '12 [US_SSN] 34'],
  ['(523-96-8051)', '([US_SSN])'],
  ['**523-96-8051**', '**[US_SSN]**'],
  ['https://bank.example/c/523-96-8051?x=1', 'https://bank.example/c/[US_SSN]?x=1'],
  ['ssn: 523968051', 'ssn: [US_SSN]'],
  ['Social Security number is 523968051', 'Social Security number is [US_SSN]'],
  ['Tax ID 523968051', 'Tax ID [US_SSN]'],
  ['SSN#523968051', 'SSN#[US_SSN]'],
  ['<ssn>523968051</ssn>', '<ssn>[US_SSN]</ssn>'],
  ['SSNs 523968051 and 523968052', 'SSNs [US_SSN] and [US_SSN]'],
  ['078-05-1120', '[US_SSN]'],
  ['ITIN 912-70-1234', 'ITIN [US_SSN]'],
]);

inText('US_SSN in disguise', [
  ['５２３-９６-８０５１ full-width', '[US_SSN] full-width'],
  ['٥٢٣-٩٦-٨٠٥١ Arabic-Indic', '[US_SSN] Arabic-Indic'],
  ['५२३-९६-८०५१ Devanagari', '[US_SSN] Devanagari'],
  ['𝟓𝟐𝟑-𝟗𝟔-𝟖𝟎𝟓𝟏 mathematical', '[US_SSN] mathematical'],
  ['523–96–8051 en dash', '[US_SSN] en dash'],
  ['523\u201196\u20118051 non-breaking hyphen', '[US_SSN] non-breaking hyphen'],
  ['523\u221296\u22128051 minus', '[US_SSN] minus'],
  ['523\uff0d96\uff0d8051 full-width dash', '[US_SSN] full-width dash'],
  ['523\u00a096\u00a08051 no-break space', '[US_SSN] no-break space'],
  ['5\u200b23-9\u200d6-80\u00ad51 zero-width', '[US_SSN] zero-width'],
  ['523\u2060-96-\ufeff8051 word joiner', '[US_SSN] word joiner'],
]);

inText('no US_SSN: never issued, or another shape', [
  ['000-12-3456', '000-12-3456'],
  ['666-12-3456', '666-12-3456'],
  ['900-01-3456', '900-01-3456'],
  ['523-00-8051', '523-00-8051'],
  ['523-96-0000', '523-96-0000'],
  ['1523-96-8051', '1523-96-8051'],
  ['523-96-80511', '523-96-80511'],
  ['523968051', '523968051'],
  ['routing number 021000021', 'routing number 021000021'],
  ['SSN on file; order 523968051', 'SSN on file; order 523968051'],
]);

inText('PAN in text', [
  ['4111111111111111', '[PAN]'],
  ['4111 1111 1111 1111', '[PAN]'],
  ['4111-1111-1111-1111', '[PAN]'],
  ['4111.1111.1111.1111', '[PAN]'],
  ['378282246310005', '[PAN]'],
  ['3782 822463 10005', '[PAN]'],
  ['5555555555554444, 2223003122003222', '[PAN], [PAN]'],
  ['6011111111111117 / 3530111333300000', '[PAN] / [PAN]'],
  ['30569309025904', '[PAN]'],
  ['4222222222222', '[PAN]'],
  ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '[PAN]'],
  ['card4111111111111111', 'card[PAN]'],
  ['%B4111111111111111^DOE/JANE^2712', '%B[PAN]^DOE/JANE^2712'],
  ['exp 4111 1111 1111 1111 12/27', 'exp [PAN] 12/27'],
  ['４１１１ １１１１ １１１１ １１１１', '[PAN]'],
]);

inText('no PAN: wrong check digit, issuer or length', [
  ['4111111111111112', '4111111111111112'],
  ['1111111111111117', '1111111111111117'],
  ['0.4111111111111111', '0.4111111111111111'],
  ['41111111111111111111111', '41111111111111111111111'],
]);

inText('BANK_ACCOUNT in text', [
  ['account number: 0123456789', 'account number: [BANK_ACCOUNT]'],
  ['Account 12345678 is closed', 'Account [BANK_ACCOUNT] is closed'],
  ['acct no. 0123', 'acct no. [BANK_ACCOUNT]'],
  ['Acct # 0123 4567 89', 'Acct # [BANK_ACCOUNT]'],
  ['a/c 00123456', 'a/c [BANK_ACCOUNT]'],
  ['accounts 12345678, 87654321 and 11223344', 'accounts [BANK_ACCOUNT], [BANK_ACCOUNT] and [BANK_ACCOUNT]'],
  ['IBAN DE89 3704 0044 0532 0130 00', 'IBAN [BANK_ACCOUNT]'],
  ['GB82WEST12345698765432', '[BANK_ACCOUNT]'],
]);

inText('no BANK_ACCOUNT', [
  ['account balance 123456', 'account balance 123456'],
  ['account holds $123456 in cash', 'account holds $123456 in cash'],
  ['account opened 2024-01-02', 'account opened 2024-01-02'],
  ['on account of 5000 customers', 'on account of 5000 customers'],
  ['account 17, order 99887766', 'account 17, order 99887766'],
  ['DE89370400440532013001', 'DE89370400440532013001'],
]);

inText('EMAIL', [
  ['jane.doe@example.com', '[EMAIL]'],
  ['<jane+x@mail.example.co.uk>, ok', '<[EMAIL]>, ok'],
  ['mailto:jane@example.com?subject=x', 'mailto:[EMAIL]?subject=x'],
  ["'jane@example.com'", "'[EMAIL]'"],
  ['jos\u00e9@ex\u00e4mple.de.', '[EMAIL].'],
  ['jane\uff20example.com', '[EMAIL]'],
  ['@scope/package and a@b and x@1.2', '@scope/package and a@b and x@1.2'],
]);

inText('PHONE', [
  ['(415) 555-2671', '[PHONE]'],
  ['415-555-2671 or 415.555.2671 or 415 555 2671', '[PHONE] or [PHONE] or [PHONE]'],
  ['+1 (415) 555-2671', '[PHONE]'],
  ['1-415-555-2671', '[PHONE]'],
  ['+442071838750', '[PHONE]'],
  ['+49 30 901820', '[PHONE]'],
  ['call her mobile 4155552671 today', 'call her mobile [PHONE] today'],
  ['4155552671', '4155552671'],
  ['415-911-2671', '415-911-2671'],
  ['+1234567.89', '+1234567.89'],
]);

inText('DOB stands only under a label', [
  ['DOB 01/02/1980', 'DOB [DOB]'],
  ['born on 2 January 1980 in Ohio', 'born on [DOB] in Ohio'],
  ['Date of birth: January 2, 1980', 'Date of birth: [DOB]'],
  ['birth date is 1980-01-02', 'birth date is [DOB]'],
  ['paid on 2024-01-02', 'paid on 2024-01-02'],
]);

inText('PERSON and ADDRESS in text stand only under a label', [
  ['Name: Jane Doe', 'Name: [PERSON]'],
  ['**Customer name:** Jane Doe\nStatus: open', '**Customer name:** [PERSON]\nStatus: open'],
  ['Name: Doe, Jane; Address: 1 Main St, Springfield', 'Name: [PERSON]; Address: [ADDRESS]'],
  ['full_name=Jane Doe, status=open', 'full_name=[PERSON], status=open'],
  ['Customer{name=Jane Doe, id=7}', 'Customer{name=[PERSON], id=7}'],
  ['File name: report.pdf', 'File name: report.pdf'],
  ['The name of the game', 'The name of the game'],
]);

describe('keys decide for the whole value', () => {
  const cases: readonly (readonly [key: string, value: unknown, after: unknown])[] = [
    ['ssn', '523968051', '[US_SSN]'],
    ['SSN#', 523968051, '[US_SSN]'],
    ['customerSSN', '***-**-8051', '[US_SSN]'],
    ['taxId', '12-3456789', '[US_SSN]'],
    ['ssn', 'pending', 'pending'],
    ['ssn', null, null],
    ['ssn_verified', true, true],
    ['acct_no', '12-AB-3456', '[BANK_ACCOUNT]'],
    ['account', '0123456789', '[BANK_ACCOUNT]'],
    ['account', 'savings', 'savings'],
    ['wire_account_number', 123456, '[BANK_ACCOUNT]'],
    ['iban', 'XX00 1234', '[BANK_ACCOUNT]'],
    ['card_number', '4111 11XX XXXX 1111', '[PAN]'],
    ['email', 'jane at example dot com', '[EMAIL]'],
    ['email_verified_at', '2024-01-02', '2024-01-02'],
    ['Home Phone (2)', '5552671', '[PHONE]'],
    ['phone', 4155552671, '[PHONE]'],
    ['dob', '2 Jan', '[DOB]'],
    ['birthDate', 19800102, '[DOB]'],
    ['full_name', 'Jane', '[PERSON]'],
    ['name', '\u738b\u5c0f\u660e', '[PERSON]'],
    [
      'name',
      { first: 'Jane', last: 'Doe', id: 'a7' },
      { first: '[PERSON]', last: '[PERSON]', id: '[PERSON]' },
    ],
    ['names', ['Jane', 'Bob'], ['[PERSON]', '[PERSON]']],
    ['fileName', 'report', 'report'],
    ['billing_address_1', '1 Main St', '[ADDRESS]'],
    [
      'address',
      { city: 'Ohio', zip: 62704, verified: true },
      { city: '[ADDRESS]', zip: '[ADDRESS]', verified: true },
    ],
    ['customer_id', '523968051', '523968051'],
    ['customer_id', 523968051, 523968051],
    ['order', '112-3456789-1234567', '112-3456789-1234567'],
    ['customer_id', '523-96-8051', '[US_SSN]'],
    ['customer_id', '523 96 8051', '523 96 8051'],
    ['trace', 4111111111111111, '[PAN]'],
    ['amount', 4.111111111111111e15, '[PAN]'],
  ];
  it.each(cases)('%s: %j', (key, value, after) =>
    expect(maskedData({ [key]: value })).toEqual({ [key]: after }),
  );
});

describe('labels beside a value decide for it', () => {
  it.each([
    [
      { type: 'SSN', value: '523968051' },
      { type: 'SSN', value: '[US_SSN]' },
    ],
    [
      { value: 523968051, label: 'Social Security Number' },
      { value: '[US_SSN]', label: 'Social Security Number' },
    ],
    [
      { name: 'phone', value: '5552671' },
      { name: 'phone', value: '[PHONE]' },
    ],
    [
      { type: 'mobile', number: '4155552671' },
      { type: 'mobile', number: '[PHONE]' },
    ],
    [
      { columns: ['id', 'ssn'], rows: [[1, '523968051']] },
      { columns: ['id', 'ssn'], rows: [[1, '[US_SSN]']] },
    ],
    [
      { columns: [{ name: 'id' }, { name: 'full_name' }], rows: [[1, 'Jane']] },
      { columns: [{ name: 'id' }, { name: 'full_name' }], rows: [[1, '[PERSON]']] },
    ],
    [
      [
        ['id', 'dob'],
        [1, '1980-01-02'],
      ],
      [
        ['id', 'dob'],
        [1, '[DOB]'],
      ],
    ],
  ])('%j', (before, after) => expect(maskedData(before)).toEqual(after));
});
