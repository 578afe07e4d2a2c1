import { MASKING_ENGINE, maskBody } from './mask-body.js';

/** Every masking engine that ever masked: a change of its bytes or findings is a new name beside the old one. */
const ENGINES: ReadonlyMap<string, typeof maskBody> = new Map([[MASKING_ENGINE, maskBody]]);

/** The engine that a recorded masking names; undefined when this version does not have it. */
export const maskingEngine = (name: string): typeof maskBody | undefined => ENGINES.get(name);
