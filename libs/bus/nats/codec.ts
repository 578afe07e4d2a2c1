import { Packr } from 'msgpackr';

// Records (shared structures) are off: each message must be readable on its own, by any replica of any version.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false });

/** MessagePack: JSON's shapes plus bytes without base64. */
export const encodeMessage = (value: unknown): Uint8Array => packr.pack(value);

/** @throws Error when the bytes are not MessagePack. */
export const decodeMessage = (bytes: Uint8Array): unknown => packr.unpack(bytes);
