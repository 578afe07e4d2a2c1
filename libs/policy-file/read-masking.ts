import {
  MASK_KINDS,
  type MaskingProfile,
  type MaskKind,
  type PolicyBundle,
  UNSCANNABLE,
  type Unscannable,
} from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { fieldsOf, knownOf, knownSetOf, listOf, namedEntriesOf } from './read-node.js';
import type { YamlEntry, YamlNode } from './yaml-node.js';

interface ProfileUnderWork {
  readonly kinds: Set<MaskKind>;
  readonly unscannable: Map<Unscannable, 'block' | 'keep'>;
}

/** `masking:`: profiles as lists of what is redacted, and of what happens to what cannot be scanned (default: block). */
export const readMasking = (findings: Findings, node: YamlNode): PolicyBundle['masking'] =>
  Object.fromEntries(
    namedEntriesOf(findings, node, 'masking profiles').map((entry) => [
      entry.key,
      readProfile(findings, entry),
    ]),
  );

const readProfile = (findings: Findings, { key, value }: YamlEntry): MaskingProfile => {
  const profile: ProfileUnderWork = { kinds: new Set(), unscannable: new Map() };
  const before = findings.problems.length;
  for (const item of listOf(findings, value, 'a list of masking rules') ?? [])
    readItem(findings, item, profile);
  if (profile.kinds.size === 0 && findings.problems.length === before) {
    findings.refuse(value, `The profile "${key}" masks no kind.`, 'add { kinds: [...], do: redact }.');
  }
  return {
    name: key,
    rules: [{ kinds: [...profile.kinds].sort(), do: 'redact' }],
    unscannable: Object.fromEntries(
      UNSCANNABLE.map((what) => [what, profile.unscannable.get(what) ?? 'block']),
    ) as MaskingProfile['unscannable'],
  };
};

const readItem = (findings: Findings, item: YamlNode, profile: ProfileUnderWork): void => {
  const isUnscannable = item.kind === 'map' && item.entries.some(({ key }) => key === 'unscannable');
  const subject = isUnscannable ? 'unscannable' : 'kinds';
  const fields = fieldsOf(findings, item, 'the masking rule', { required: [subject, 'do'] });
  const list = fields?.get(subject);
  const action = fields?.get('do');
  if (isUnscannable) {
    const todo = action && knownOf(findings, action.value, 'treatment', ['block', 'keep'] as const);
    const whats = (list && knownSetOf(findings, list.value, 'unscannable thing', UNSCANNABLE)) ?? [];
    for (const what of whats) {
      if (profile.unscannable.has(what)) refuseTwice(findings, item, what);
      profile.unscannable.set(what, todo ?? 'block');
    }
  } else {
    if (action) knownOf(findings, action.value, 'masking operator', ['redact'] as const);
    for (const kind of (list && knownSetOf(findings, list.value, 'kind', MASK_KINDS)) ?? []) {
      if (profile.kinds.has(kind)) refuseTwice(findings, item, kind);
      profile.kinds.add(kind);
    }
  }
};

const refuseTwice = (findings: Findings, item: YamlNode, what: string): void =>
  findings.refuse(item, `"${what}" is in this profile twice.`, 'keep it in one rule.');
