import { embedded, form, image, type Prompt, text } from './item.js';

const says = (...content: readonly object[]) => ({
  messages: content.map((part) => ({ role: 'user', content: part })),
});
const argument = (name: string) => ({ name, description: `The ${name}`, required: true });

export const PROMPTS: readonly Prompt[] = [
  {
    definition: { name: 'test_simple_prompt', description: 'A prompt without arguments.' },
    get: () => says(text('This is a simple prompt for testing.')),
  },
  {
    definition: {
      name: 'test_prompt_with_arguments',
      description: 'A prompt with two arguments.',
      arguments: [argument('arg1'), argument('arg2')],
    },
    get: ({ arg1, arg2 }) =>
      says(text(`Prompt with arguments: arg1='${String(arg1)}', arg2='${String(arg2)}'`)),
  },
  {
    definition: {
      name: 'test_prompt_with_embedded_resource',
      description: 'A prompt with a resource in it.',
      arguments: [argument('resourceUri')],
    },
    get: ({ resourceUri }) =>
      says(
        embedded(String(resourceUri), 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
  },
  {
    definition: { name: 'test_prompt_with_image', description: 'A prompt with a picture in it.' },
    get: () => says(image, text('Please analyze the image above.')),
  },
  {
    definition: { name: 'test_input_required_result_prompt', description: 'A prompt that asks first.' },
    get: async (_, conversation) => {
      const { user_context: context } = await conversation.ask({
        user_context: form('What context should the prompt use?', { context: { type: 'string' } }),
      });
      return says(text(`Context: ${JSON.stringify(context?.['content'])}`));
    },
  },
];
