import { canonicalJson, type Json, type JsonObject } from '#core/evidence/canonical-json.js';
import type { Entry } from '#core/evidence/entry.js';
import { createOpener } from '#sealing/opener.js';
import { createSealer } from '#sealing/sealer.js';
import { sha256 } from '#sealing/sha256.js';
import type { History, HistoryEvent } from './history-file.js';

/** The events of a history with one of them changed, as somebody could who owns the store. */
export type Mutation = (history: History) => Promise<readonly HistoryEvent[]> | readonly HistoryEvent[];

/** Changes the first event of a type. */
const change =
  (
    type: string,
    mutate: (event: HistoryEvent, history: History) => Promise<HistoryEvent> | HistoryEvent,
  ): Mutation =>
  async (history) => {
    const at = history.events.findIndex((event) => event.type === type);
    const event = history.events[at];
    if (event === undefined) throw new Error(`no ${type}`);
    return history.events.with(at, await mutate(event, history));
  };

const entryOf = ({ entry }: HistoryEvent): Entry => JSON.parse(entry) as Entry;
const withEntry = (event: HistoryEvent, entry: object): HistoryEvent => ({
  ...event,
  entry: canonicalJson(entry as Json),
});

export const changeEntry = (type: string, of: (entry: Entry) => object): Mutation =>
  change(type, (event) => withEntry(event, { ...entryOf(event), ...of(entryOf(event)) }));

/** The last byte but one of the attachment. */
export const flipByte = (type: string): Mutation =>
  change(type, (event) => {
    const bytes = Buffer.from(event.attachment ?? '', 'base64');
    bytes[bytes.length - 2] = (bytes.at(-2) as number) ^ 1;
    return { ...event, attachment: bytes.toString('base64') };
  });

export const removePayload = (type: string): Mutation =>
  change(type, ({ attachment: _gone, ...event }) => event);

/**
 * Another text under a valid seal and a fitting commitment, in the first event of a type where `of` changes anything:
 * found by nothing but running it again.
 */
export const resealWith =
  (type: string, of: (text: string) => string): Mutation =>
  async ({ key, events }) => {
    const { d: _secret, ...publicKey } = key as { readonly [member: string]: string };
    for (const [at, event] of events.entries()) {
      const entry = entryOf(event);
      if (event.type !== type || entry.payload?.kid === undefined) continue;
      const { commit, kid } = entry.payload;
      const sealed = Buffer.from(event.attachment ?? '', 'base64');
      const text = Buffer.from(await createOpener(new Map([[kid, key]])).open(sealed, commit)).toString();
      if (of(text) === text) continue;
      const again = (await createSealer(kid, publicKey)).seal(Buffer.from(of(text)));
      const changed = withEntry(event, { ...entry, payload: again.payload });
      return events.with(at, { ...changed, attachment: Buffer.from(again.sealed).toString('base64') });
    }
    throw new Error(`nothing to change in any ${type}`);
  };

/** Another bundle in place of the recorded one, with its digest everywhere: consistent in itself. */
export const recallPolicy =
  (of: (bundle: JsonObject) => JsonObject): Mutation =>
  ({ events }) => {
    const recorded = events.find(({ type }) => type === 'PolicyRecorded');
    const bundle = JSON.parse(
      Buffer.from(recorded?.attachment ?? '', 'base64').toString('utf8'),
    ) as JsonObject;
    const attachment = Buffer.from(canonicalJson(of(bundle)));
    const [before, after] = [
      recorded?.stream.slice('policy-'.length) ?? '',
      sha256(attachment).slice('sha256:'.length),
    ];
    return events.map((event) => ({
      ...event,
      stream: event.stream.replace(before, after),
      entry: event.entry.replaceAll(before, after),
      ...(event === recorded ? { attachment: attachment.toString('base64') } : {}),
    }));
  };
