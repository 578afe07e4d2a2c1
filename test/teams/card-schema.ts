import { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * The part of the schema of Adaptive Cards 1.5 (https://adaptivecards.io/schemas/1.5.0/adaptive-card.json) that our cards use,
 * and no more: what is not listed here is refused, with the limits of Teams where those are narrower.
 */
const spacing = { enum: ['None', 'Small', 'Default', 'Medium', 'Large', 'ExtraLarge', 'Padding'] };
const colors = ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'];
const object = (type: string, required: readonly string[], properties: object) => ({
  type: 'object',
  additionalProperties: false,
  required: ['type', ...required],
  properties: { type: { const: type }, ...properties },
});
const list = (name: string) => ({ type: 'array', items: { $ref: `#/$defs/${name}` } });
const text = { type: 'string', minLength: 1 };
const look = { weight: { enum: ['Lighter', 'Default', 'Bolder'] }, isSubtle: { type: 'boolean' } };
const size = { enum: ['Small', 'Default', 'Medium', 'Large', 'ExtraLarge'] };

const textRun = object('TextRun', ['text'], {
  ...{ text, ...look, size },
  fontType: { enum: ['Default', 'Monospace'] },
});
const richTextBlock = object('RichTextBlock', ['inlines'], {
  inlines: { type: 'array', minItems: 1, items: { $ref: '#/$defs/textRun' } },
  spacing,
});
const textBlock = object('TextBlock', ['text'], {
  ...{ text, ...look, size, spacing },
  wrap: { const: true },
  style: { enum: ['default', 'heading'] },
});
const column = object('Column', ['items'], {
  items: list('element'),
  width: { type: 'string', pattern: '^(auto|stretch|\\d+px)$' },
});
const columnSet = object('ColumnSet', ['columns'], { columns: list('column'), spacing });
const container = object('Container', ['items'], {
  items: { ...list('element'), minItems: 1 },
  style: { enum: colors },
  bleed: { type: 'boolean' },
});
const inputText = object('Input.Text', ['id', 'label'], {
  ...{ id: text, label: text, spacing, isMultiline: { type: 'boolean' } },
  maxLength: { type: 'integer', minimum: 1 },
});
const execute = object('Action.Execute', ['title', 'verb', 'data'], {
  ...{ title: text, verb: text, data: { type: 'object' } },
  style: { enum: ['default', 'positive', 'destructive'] },
});
const openUrl = object('Action.OpenUrl', ['title', 'url'], {
  title: text,
  url: { type: 'string', format: 'uri' },
});

// What is typed into the card around it comes along, too.
const showCard = object('Action.ShowCard', ['title', 'card'], {
  title: text,
  card: object('AdaptiveCard', ['body', 'actions'], {
    body: { ...list('element'), minItems: 1 },
    actions: { ...list('execute'), minItems: 1, maxItems: 6 },
  }),
});

const schema = {
  ...object('AdaptiveCard', ['version', 'body', 'actions', 'fallbackText'], {
    $schema: { const: 'http://adaptivecards.io/schemas/adaptive-card.json' },
    version: { const: '1.5' },
    fallbackText: text,
    refresh: {
      type: 'object',
      additionalProperties: false,
      required: ['action'],
      properties: { action: { $ref: '#/$defs/execute' } },
    },
    body: { ...list('element'), minItems: 1 },
    // Teams shows six.
    actions: {
      type: 'array',
      maxItems: 6,
      items: { anyOf: [{ $ref: '#/$defs/execute' }, openUrl, showCard] },
    },
  }),
  $defs: {
    ...{ execute, textRun, column },
    element: { anyOf: [textBlock, richTextBlock, columnSet, container, inputText] },
  },
};

const validate = new Ajv2020({ strict: false, allErrors: false, validateFormats: false }).compile(schema);

/** Teams refuses messages of more than 28 KB. */
const MESSAGE_BYTES_MAX = 28 * 1_024;

/** @throws Error for a card that is none, or too long for a message */
export const assertCard = (card: unknown): void => {
  if (!validate(card)) throw new Error(`no Adaptive Card: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
  const bytes = Buffer.byteLength(JSON.stringify(card));
  if (bytes > MESSAGE_BYTES_MAX) throw new Error(`a card of ${bytes} bytes`);
};
