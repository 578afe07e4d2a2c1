export type NoteErrorCode =
  | 'key_malformed'
  | 'note_malformed'
  | 'note_unsigned'
  | 'note_signature_invalid'
  | 'checkpoint_malformed';

export class NoteError extends Error {
  override readonly name = 'NoteError';
  constructor(
    readonly code: NoteErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The bytes, unless the text is not the one way RFC 4648 section 4 writes them. */
export const strictBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};
