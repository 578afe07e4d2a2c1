import type { Story } from '../story.js';

/** A write by somebody who may only read never reaches the bank. */
export const analystIsDenied = async ({ analyst, tell, exhibit, check, stage }: Story): Promise<void> => {
  tell('It calls update_customer all the same. The gateway answers:');
  const answer = await analyst.call('update_customer', {
    customer_id: 'C-1001',
    fields: { notes: 'Agent was here.' },
  });
  const [said] = answer.content;
  exhibit(said?.text ?? answer);
  check('the call is refused as a tool error', answer.isError === true, answer);
  check(
    'the refusal names the rule, RA-2',
    said?.text?.includes('RA-2') === true && said.text.includes('[call_denied]'),
    said?.text,
  );
  const { by_tool } = await stage.bankStats();
  check('nothing of it reached the bank’s server', by_tool['update_customer'] === undefined, by_tool);
};
