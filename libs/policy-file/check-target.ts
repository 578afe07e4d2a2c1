import { URI_CHARS_MAX, uriPatternProblem } from '#core/call/resource-uri.js';
import { GOVERNED_METHODS, NAMED_METHODS } from '#core/call/target.js';
import { splitTarget } from '#core/policy/index-targets.js';
import type { TargetKind } from '#core/policy/policy.types.js';
import type { Findings } from './problems.js';
import { suggest } from './read-node.js';
import type { YamlNode } from './yaml-node.js';

const SERVER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TOOL = /^[A-Za-z0-9._/-]{1,128}$/;
const PROMPT_CHARS_MAX = 200;
const TEMPLATE = /\{[^}]*\}/;
/** A server, a slash and the longest name. */
export const TARGET_CHARS_MAX = 64 + 1 + URI_CHARS_MAX;

/** Complains and returns false when a text of an operation is no target of its kind. */
export const checkTarget = (findings: Findings, at: YamlNode, kind: TargetKind, text: string): boolean => {
  const target = splitTarget(text);
  if (target === undefined || !SERVER.test(target.server)) return refuseShape(findings, at, kind, text);
  return CHECKS[kind](findings, at, text, target.name);
};

const refuseShape = (findings: Findings, at: YamlNode, kind: TargetKind, text: string): false => {
  const wildcard = kind !== 'resource' && text.includes('*') ? ' Wildcards are not supported.' : '';
  findings.refuse(at, `"${text}" is not a ${kind}.${wildcard}`, NEXT[kind]);
  return false;
};

const NEXT: { readonly [kind in TargetKind]: string } = {
  tool: 'write server/tool, each tool by its full name.',
  prompt: 'write server/prompt, each prompt by its full name.',
  resource: 'write server/uri, such as docs/file:///reports/2026.csv or docs/file:///reports/*.',
  method: `write server/method, with one of: ${NAMED_METHODS.join(', ')}.`,
};

type Check = (findings: Findings, at: YamlNode, text: string, name: string) => boolean;

const CHECKS: { readonly [kind in TargetKind]: Check } = {
  tool: (findings, at, text, name) => TOOL.test(name) || refuseShape(findings, at, 'tool', text),
  prompt: (findings, at, text, name) =>
    (name.length <= PROMPT_CHARS_MAX && !name.includes('*')) || refuseShape(findings, at, 'prompt', text),
  resource: (findings, at, text, name) => {
    const problem = uriPatternProblem(name);
    if (problem === undefined) {
      noteTemplate(findings, at, name);
      return true;
    }
    findings.refuse(at, `"${text}" can match no resource: ${problem}.`, NEXT.resource);
    return false;
  },
  method: (findings, at, _, name) => {
    if ((NAMED_METHODS as readonly string[]).includes(name)) return true;
    const isListed = (GOVERNED_METHODS as readonly string[]).includes(name);
    const next = isListed
      ? 'list what it is for under tools, prompts or resources.'
      : suggest(name, NAMED_METHODS);
    findings.refuse(at, `"${name}" is not a method that policy decides on by its name.`, next);
    return false;
  },
};

const noteTemplate = (findings: Findings, at: YamlNode, pattern: string): void => {
  if (!TEMPLATE.test(pattern)) return;
  const wider = pattern.replaceAll(new RegExp(TEMPLATE, 'g'), '*');
  const reason = 'The text of a template stands for the template only, not for the resources made with it.';
  findings.warn(at, reason, `write ${wider} to cover both.`);
};
