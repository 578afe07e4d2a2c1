/** Invented, and of a form that masking knows without a label. */
export const EMAIL = 'erika.mustermann@bank.example';
export const PAN = '4539 1488 0343 6467';
export const SSN = '536-22-8145';
export const PERSONAL = [EMAIL, PAN, SSN] as const;
export const SENTENCE = `Write to ${EMAIL}, card ${PAN}, SSN ${SSN}.`;
