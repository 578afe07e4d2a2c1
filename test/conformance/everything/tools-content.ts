import { pause } from './conversation.js';
import { embedded, image, objectOf, say, sayAll, type Tool, text, tool, WAV } from './item.js';

const STRING = { type: 'string' };

/** The suite looks for each of these keywords in the list as it arrives. */
const DIALECT_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: {
    address: { $anchor: 'addressDef', ...objectOf({ street: STRING, city: STRING }) },
  },
  ...objectOf({
    name: STRING,
    address: { $ref: '#/$defs/address' },
    contactMethod: { enum: ['phone', 'email'] },
    phone: STRING,
    email: STRING,
  }),
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** Tools that answer by themselves: every kind of content, progress, log messages, errors, changes of the lists. */
export const CONTENT_TOOLS: readonly Tool[] = [
  tool('test_simple_text', 'Answers with one text.', () =>
    say('This is a simple text response for testing.'),
  ),
  tool('test_image_content', 'Answers with a picture.', () => sayAll(image)),
  tool('test_audio_content', 'Answers with a sound.', () =>
    sayAll({ type: 'audio', data: WAV, mimeType: 'audio/wav' }),
  ),
  tool('test_embedded_resource', 'Answers with a resource in the result.', () =>
    sayAll(embedded('test://embedded-resource', 'This is an embedded resource content.')),
  ),
  tool('test_multiple_content_types', 'Answers with a text, a picture and a resource.', () =>
    sayAll(
      text('Multiple content types test:'),
      image,
      embedded('test://mixed-content-resource', '{"test":"data","value":123}'),
    ),
  ),
  tool('test_tool_with_logging', 'Writes three log messages while it works.', async (_, conversation) => {
    for (const step of ['started', 'working', 'done']) {
      conversation.log('info', `The tool has ${step}`);
      await pause(50, conversation.signal);
    }
    return say('The tool with log messages is done.');
  }),
  tool('test_logging_tool', 'Writes one log message.', (_, conversation) => {
    conversation.log('info', 'A message for whoever asked for messages');
    return say('The log message was offered.');
  }),
  tool('test_tool_with_progress', 'Reports progress three times.', async (_, conversation) => {
    for (const done of [0, 50, 100]) {
      conversation.progress(done, 100);
      await pause(50, conversation.signal);
    }
    return say('The tool with progress is done.');
  }),
  tool('test_error_handling', 'Always fails.', () => ({
    ...say('This tool intentionally returns an error for testing'),
    isError: true,
  })),
  tool('test_reconnection', 'Closes the stream before its answer.', async (_, conversation) => {
    conversation.dropStream();
    await pause(200, conversation.signal);
    return say('The answer came after the stream was closed.');
  }),
  tool('test_trigger_tool_change', 'Changes the list of tools.', (_, __, world) => {
    world.toggle('tools');
    return say('The list of tools has changed.');
  }),
  tool('test_trigger_prompt_change', 'Changes the list of prompts.', (_, __, world) => {
    world.toggle('prompts');
    return say('The list of prompts has changed.');
  }),
  tool('test_trigger_resource_update', 'Changes the watched resource.', (_, __, world) => {
    world.updated('test://watched-resource');
    return say('The watched resource has changed.');
  }),
  tool(
    'test_x_mcp_header',
    'Its argument is mirrored into a header.',
    ({ region }) => say(`Region: ${String(region)}`),
    objectOf({ region: { type: 'string', 'x-mcp-header': 'Region' } }, ['region']),
  ),
  tool(
    'json_schema_2020_12_tool',
    'Its schema uses JSON Schema 2020-12.',
    () => say('Fits.'),
    DIALECT_2020_12,
  ),
];
