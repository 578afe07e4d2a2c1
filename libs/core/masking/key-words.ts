import type { MaskKind } from '../policy/policy.types.js';

/**
 * The vocabulary of key classification, in normal form: lower case, no punctuation. STRONG keys make any plausible
 * value theirs; WEAK keys only values of the usual shape.
 */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const STRONG: { readonly [kind in MaskKind]: readonly string[] } = {
  US_SSN:
    words(`ssn socialsecurity socialsecuritynumber socialsecurityno socialsecuritynum socialsecurityid ssnumber
    ssno ssnum ssnid ss# ssn# socsec socsecnum socialinsurancenumber taxid taxidnumber taxidno taxnumber taxno
    taxpayerid taxpayeridnumber taxpayeridentificationnumber taxidentificationnumber taxidentifier tin itin ssnitin
    ssntin ssnortin`),
  PAN: words(`pan cardnumber cardno cardnum card# creditcard creditcardnumber creditcardno creditcardnum debitcard
    debitcardnumber debitcardno ccnumber ccnum ccno paymentcard paymentcardnumber primaryaccountnumber
    bankcard bankcardnumber fullpan cardpan`),
  BANK_ACCOUNT:
    words(`accountnumber accountno accountnum accountnbr account# acctnumber acctno acctnum acctnbr acct#
    accnumber accno accnum bankaccount bankaccountnumber bankaccountno bankacct bankacctnumber iban ibannumber ibanno
    ddanumber checkingaccount checkingaccountnumber savingsaccount savingsaccountnumber depositaccount loanaccount
    fromaccount toaccount sourceaccount destinationaccount debitaccount creditaccount payeraccount payeeaccount
    beneficiaryaccount fromaccountnumber toaccountnumber kontonummer ctonumber`),
  EMAIL: words(`email emailaddress emailaddr emailid mailaddress useremail contactemail`),
  PHONE:
    words(`phone phonenumber phoneno phonenum phone# telephone telephonenumber telephoneno tel telno telnumber
    mobile mobilenumber mobileno mobilephone mobilephonenumber cell cellphone cellphonenumber cellnumber fax faxnumber
    faxno landline msisdn contactnumber contactno callbacknumber`),
  DOB: words(
    `dob dateofbirth birthdate birthday birthdt bday born birth birthyear yearofbirth dobdate birthdatetime`,
  ),
  PERSON:
    words(`name fullname firstname lastname middlename middleinitial givenname familyname surname forename
    maidenname legalname preferredname fname lname mname cardholder cardholdername accountholder accountholdername
    accountowner accountownername holdername nameoncard nameonaccount beneficiaryname payeename payername customername
    clientname borrowername coborrowername guarantorname spousename mothersmaidenname mothermaidenname signatory
    signatoryname contactname employeename patientname membername applicantname cosigner cosignername personname
    individualname recipientname sendername ownername debtorname creditorname firstnames lastnames displayname holder payee`),
  ADDRESS:
    words(`address addr streetaddress street streetname streetline streetnumber addressline addressstreet
    homeaddress mailingaddress postaladdress residentialaddress residence residenceaddress zip zipcode postalcode
    postcode pobox fulladdress addresstext physicaladdress legaladdress addressoneline formattedaddress`),
};

const WEAK: { readonly [kind in MaskKind]?: readonly string[] } = {
  BANK_ACCOUNT: words('account acct acc accounts'),
};

/** Say whose or which one it is, not what it is: `billing_address_1`, `primaryPhone`. */
export const QUALIFIERS: ReadonlySet<string> = new Set(
  words(`customer client cust primary secondary home work mobile business billing shipping mailing employee applicant
    borrower coborrower holder beneficiary sender recipient debtor creditor owner spouse contact user my the your his
    her their our old new current previous former permanent temporary legal personal account card member patient
    person individual party payer payee originator alternate alt emergency daytime evening guarantor cosigner
    dependent child father mother parent raw full masked unmasked plain clear patient's customer's client's
    counterparty participant insured subscriber signer officer agent director ubo partner joint`),
);

/** One of these anywhere in the key decides it, unless the last word says that the value is about it. */
export const TELLING: ReadonlySet<string> = new Set(words('ssn itin iban dob email'));
export const ABOUT: ReadonlySet<string> = new Set(
  words(`verified verification valid validated type status count hash sha digest present flag required at date time
    enabled optin optout opt provider source format label id ids template subject body sent domain preference
    preferences notifications consent masked mask length score check checked match matched country`),
);

/** Keys of identifiers, measures and moments: only what is certain by itself is masked under them. */
export const ID_LIKE: ReadonlySet<string> = new Set(
  words(`id ids uuid guid ref refs reference trace span order txn transaction hash sha digest sha256 md5 etag version
    build release timestamp time date at cursor sequence seq revision amount balance total price limit count ms
    epoch nonce key invoice ticket case session request correlation`),
);

export interface KeyClass {
  readonly kind?: MaskKind;
  /** The key alone is reason enough for any plausible value; a weak key needs a value of the usual shape. */
  readonly strong: boolean;
  readonly idLike: boolean;
}

type Vocabulary = { readonly [kind in MaskKind]?: readonly string[] };
const classes = (table: Vocabulary, strong: boolean): readonly (readonly [string, KeyClass])[] =>
  Object.entries(table).flatMap(([kind, keys]) =>
    keys.map((key) => [key, { kind: kind as MaskKind, strong, idLike: false }] as const),
  );
export const KEY_CLASSES: ReadonlyMap<string, KeyClass> = new Map([
  ...classes(STRONG, true),
  ...classes(WEAK, false),
]);

/** What a key may do for its siblings; one bit each. */
export const ROLE_LABEL = 1;
export const ROLE_VALUE = 2;
export const ROLE_CARRIER = 4;
export const ROLE_NAME_PART = 8;
export const ROLE_COLUMNS = 16;
export const ROLE_ROWS = 32;
export const ROLE_BYTES = 64;
export const ROLE_MEDIA = 128;

const rolesByKey = (lists: readonly (readonly [number, string])[]): ReadonlyMap<string, number> => {
  const roles = new Map<string, number>();
  for (const [role, list] of lists)
    for (const word of words(list)) roles.set(word, (roles.get(word) ?? 0) | role);
  return roles;
};

export const ROLES: ReadonlyMap<string, number> = rolesByKey([
  // The value may name what a sibling holds: `{"type":"SSN","value":"..."}`.
  [
    ROLE_LABEL,
    `type label field fieldname key name attribute attributename column columnname title question kind idtype
    documenttype identifiertype property propertyname header parameter tag what category`,
  ],
  [
    ROLE_VALUE,
    `value val values number no data content text answer response idnumber displayvalue stringvalue rawvalue
    input code newvalue oldvalue before after previous current from to documentnumber identifier`,
  ],
  // Under a sensitive key that holds an object, these members carry the value itself.
  [
    ROLE_CARRIER,
    'value val number no num id raw text formatted display full plain primary home work mobile data',
  ],
  [
    ROLE_NAME_PART,
    'first last middle given family prefix suffix initial initials forename maiden nick preferred',
  ],
  [ROLE_COLUMNS, 'columns column headers header fields fieldnames columnnames cols'],
  [ROLE_ROWS, 'rows data values records body items results datarows'],
  [ROLE_BYTES, 'blob data'],
  [ROLE_MEDIA, 'mimetype contenttype mediatype'],
]);
