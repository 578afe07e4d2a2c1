import { analystIsDenied } from './chapters/analyst-is-denied.js';
import { analystReads } from './chapters/analyst-reads.js';
import { engineerIsHeld } from './chapters/engineer-is-held.js';
import { examinerReads } from './chapters/examiner-reads.js';
import { examinerVerifies } from './chapters/examiner-verifies.js';
import type { Stage } from './stage.js';
import { type Check, openStory, type Story } from './story.js';

const CHAPTERS: readonly (readonly [title: string, play: (story: Story) => Promise<void>])[] = [
  ['A risk analyst’s agent reads', analystReads],
  ['The same agent tries to write', analystIsDenied],
  ['A data engineer’s agent writes, after a human agreed', engineerIsHeld],
  ['A bank examiner looks into it', examinerReads],
  ['The examiner takes the evidence away', examinerVerifies],
];

/**
 * Plays the whole story on a private instance and gives back every check.
 * @throws InputError without the MCP client; what kept the instance from starting
 */
export const playDemo = async (
  setStage: () => Promise<Stage>,
  say: (text: string) => void,
): Promise<readonly Check[]> => {
  say('Starting a private gateway with a synthetic bank...');
  const stage = await setStage();
  try {
    const { story, checks, close } = await openStory(stage, say);
    say(`It listens on ${stage.url}.`);
    try {
      for (const [title, play] of CHAPTERS) {
        say(`\n${title}`);
        await play(story);
      }
    } catch (error) {
      story.check('the story was played to its end', false, error);
    } finally {
      await close();
    }
    return checks;
  } finally {
    await stage.close();
  }
};
