/**
 * What the suite starts as "the client", with the address of its server as the last argument: hands everything to the
 * process that runs the suite, where the gateway is, and ends as it says.
 */
const control = process.env['COUNTERSIGN_CONFORMANCE_CONTROL'] ?? '';
const answer = await fetch(control, {
  method: 'POST',
  body: JSON.stringify({
    url: process.argv.at(-1),
    scenario: process.env['MCP_CONFORMANCE_SCENARIO'],
    revision: process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'],
    context: JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}'),
  }),
});
if (!answer.ok) console.error(await answer.text());
process.exit(answer.ok ? 0 : 1);
