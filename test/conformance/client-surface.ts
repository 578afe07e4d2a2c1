import type { Surface } from './allow-all.js';

const TOOLS: readonly string[] = [
  'test-tool',
  'add_numbers',
  'test_client_elicitation_defaults',
  'test_reconnection',
  'test_mrtr_echo_state',
  'test_mrtr_no_state',
  'test_mrtr_unrelated',
  'test_mrtr_no_result_type',
  'test_headers',
  'my-hyphenated-tool',
  'test_custom_headers',
  'test_custom_headers_null',
  'json_schema_2020_12_tool',
  'json_schema_echo',
  'valid_tool',
  'invalid_empty_header',
  'invalid_object_header',
  'invalid_array_header',
  'invalid_null_header',
  'invalid_duplicate_same_case',
  'invalid_duplicate_diff_case',
  'invalid_space_in_name',
  'invalid_colon_in_name',
  'invalid_non_ascii_name',
  'invalid_control_char_name',
];

/** What the scenarios' servers offer, for a policy that allows it. Tools that are invalid must not get that far. */
export const SCENARIO_SURFACE: Surface = {
  tools: TOOLS,
  prompts: ['test_prompt'],
  resources: ['file:///path/*', 'https://example.com/*'],
};
