import { type Command, EXIT_FINE, requiredWord } from '../command.js';
import { printJson } from '../print.js';
import { openApi, SERVER_OPTIONS, serverHelp } from '../server/api.js';
import { type Transcript, transcriptText } from '../transcript-text.js';

export const show: Command = {
  help: [
    'usage: countersign show CALL_ID [--json] [--server URL]',
    '',
    'Shows the transcript of one call: who, the exact request, the decision, the approval, what was masked, the masked',
    'response and every event. The reading itself is recorded.',
    serverHelp('examiner'),
  ].join('\n'),
  options: SERVER_OPTIONS,
  positionals_max: 1,
  run: async (invocation) => {
    const id = requiredWord(invocation, 'CALL_ID');
    const api = await openApi(invocation, 'examiner');
    const transcript = await api.get<Transcript>(`/ledger/calls/${encodeURIComponent(id)}`);
    if (invocation.values['json'] === true) printJson(transcript);
    else console.log(transcriptText(transcript));
    return EXIT_FINE;
  },
};
