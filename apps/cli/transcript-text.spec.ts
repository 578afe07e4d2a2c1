import { describe, expect, it } from 'vitest';
import { callsText } from './commands/calls.js';
import { type Transcript, transcriptText } from './transcript-text.js';

const READ: Transcript = {
  id: 'c-1',
  time: '2026-11-22T12:00:00.000Z',
  caller: { principal: 'ana', groups: ['CLERKS'] },
  agent: null,
  endpoint: 'mcp',
  method: 'resources/read',
  server: 'documents',
  tool: 'resources/read',
  request: { uri: 'file:///statements/11.csv' },
  decisions: [],
  approval: null,
  questions: [],
  masking: null,
  response: null,
  outcome: { type: 'CallCompleted' },
  events: [],
};

describe('a transcript for reading', () => {
  it('says the method and what it was aimed at', () => {
    expect(transcriptText(READ)).toMatch(
      /method +resources\/read\n +target +documents\/file:\/\/\/statements\/11\.csv\n/,
    );
    const prompt = { ...READ, method: 'prompts/get', tool: 'summarise', request: { name: 'summarise' } };
    expect(transcriptText(prompt)).toMatch(/method +prompts\/get\n +target +documents\/summarise\n/);
  });

  it('says which call it continues and which continues it', () => {
    expect(transcriptText(READ)).not.toMatch(/continues|went on/);
    const text = transcriptText({ ...READ, continues: 'c-0', continuedBy: 'c-2' });
    expect(text).toMatch(/continues +c-0/);
    expect(text).toMatch(/went on +in call c-2/);
  });

  it('shows what the server asked, who let it, and the answer', () => {
    const asked = {
      question: 1,
      time: '2026-11-22T12:00:01.000Z',
      method: 'elicitation/create',
      decision: { effect: 'allow', rules: ['B-1'] },
      because: null,
      shown: { message: 'Which month?' },
      answer: { time: '2026-11-22T12:00:09.000Z', outcome: 'answered', given: { action: 'accept' } },
    };
    const refused = { ...asked, question: 2, because: 'not offered by the client', answer: null };
    const text = transcriptText({ ...READ, questions: [asked, refused] });
    expect(text).toContain('question  1: elicitation/create at 2026-11-22T12:00:01.000Z, allow by B-1');
    expect(text).toContain('"message": "Which month?"');
    expect(text).toContain('answer    answered at 2026-11-22T12:00:09.000Z');
    expect(text).toContain('"action": "accept"');
    expect(text).toMatch(/question {2}2: .*\n +not asked: not offered by the client\n[\s\S]*answer +none/);
  });
});

describe('the list of calls for reading', () => {
  it('has the method, and names the target where there is a name', () => {
    const item = {
      id: 'c',
      time: 't',
      principal: 'ana',
      server: 's',
      decision: 'allow',
      rules: ['R'],
      outcome: 'completed',
    };
    const items = [
      { ...item, method: 'tools/call', tool: 'get' },
      { ...item, method: 'resources/read', tool: 'resources/read' },
    ];
    const [head, tool, resource] = callsText({ items, next: null }).split('\n');
    expect(head).toMatch(/WHO +METHOD +TARGET +DECISION/);
    expect(tool).toMatch(/ana +tools\/call +s\/get +allow R/);
    expect(resource).toMatch(/ana +resources\/read +s +allow R/);
  });
});
