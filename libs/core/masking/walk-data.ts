import { ARRAY, endOf, isString, NODE_INTS, NUMBER, nextOf, OBJECT, startOf, typeOf } from './json-tape.js';
import {
  ROLE_CARRIER,
  ROLE_COLUMNS,
  ROLE_LABEL,
  ROLE_NAME_PART,
  ROLE_ROWS,
  ROLE_VALUE,
} from './key-words.js';
import { type Document, keyInfo, type MaskingRun } from './masking-run.js';
import { type Member, type Members, readMembers } from './members.js';
import { below } from './place.js';
import type { Rule } from './rule.js';
import { maskBytes } from './unscannable.js';
import { maskNumber, maskString, stringAt } from './walk-leaf.js';

const LABELLED = ROLE_LABEL | ROLE_VALUE;
const TABULAR = ROLE_COLUMNS | ROLE_ROWS;

type Rules = readonly (Rule | undefined)[];
/** Longer strings are values, not labels. */
const LABEL_CHARS_MAX = 64;

const isLabelText = ({ tape }: MaskingRun, node: number): boolean =>
  isString(tape, node) && endOf(tape, node) - startOf(tape, node) <= LABEL_CHARS_MAX;

const labelRule = (run: MaskingRun, document: Document, node: number): Rule | undefined =>
  isLabelText(run, node) ? keyInfo(run, stringAt(run, document, node)).rule : undefined;

interface SiblingLabel {
  readonly member: Member;
  readonly rule: Rule;
}

/** `{"type":"SSN","value":"..."}`: the member that names what its siblings hold. */
const siblingLabel = (run: MaskingRun, document: Document, members: Members): SiblingLabel | undefined => {
  if ((members.roles & LABELLED) !== LABELLED) return undefined;
  for (const member of members.list) {
    if ((member.info.roles & ROLE_LABEL) === 0) continue;
    const rule = labelRule(run, document, member.value);
    if (rule) return { member, rule: { kind: rule.kind, strong: rule.strong, evidence: 'label' } };
  }
  return undefined;
};

/** What a rule for an object means for one of its members. */
const inherit = (rule: Rule | undefined, { info }: Member): Rule | undefined => {
  if (info.rule || !rule) return info.rule;
  if ((info.roles & ROLE_CARRIER) !== 0) return rule;
  if (info.idLike) return undefined;
  return rule.kind === 'ADDRESS' || (rule.kind === 'PERSON' && (info.roles & ROLE_NAME_PART) !== 0)
    ? rule
    : undefined;
};

const columnRule = (run: MaskingRun, document: Document, node: number): Rule | undefined => {
  if (typeOf(run.tape, node) !== OBJECT) return labelRule(run, document, node);
  for (const { info, value } of readMembers(run, document, node).list) {
    const rule = (info.roles & ROLE_LABEL) !== 0 ? labelRule(run, document, value) : undefined;
    if (rule) return rule;
  }
  return undefined;
};

const elements = ({ tape }: MaskingRun, node: number): number[] => {
  const found: number[] = [];
  for (let child = node + NODE_INTS; child < nextOf(tape, node); child = nextOf(tape, child))
    found.push(child);
  return found;
};

const rulesOf = (run: MaskingRun, document: Document, header: number): Rules | undefined => {
  const rules = elements(run, header).map((cell) => columnRule(run, document, cell));
  return rules.some((rule) => rule !== undefined) ? rules : undefined;
};

interface Table {
  readonly columns: Member;
  /** What the columns say about the cells; undefined when they say nothing. */
  readonly rules: Rules | undefined;
}

const isArrayOfArrays = ({ tape }: MaskingRun, node: number): boolean =>
  typeOf(tape, node) === ARRAY &&
  node + NODE_INTS < nextOf(tape, node) &&
  typeOf(tape, node + NODE_INTS) === ARRAY;

/** `{"columns":["id","ssn"],"rows":[[1,"..."]]}`: names of columns beside rows that are arrays. */
const tableOf = (run: MaskingRun, document: Document, members: Members): Table | undefined => {
  if ((members.roles & TABULAR) !== TABULAR) return undefined;
  const columns = members.list.find(
    ({ info, value }) => (info.roles & ROLE_COLUMNS) !== 0 && typeOf(run.tape, value) === ARRAY,
  );
  const rows = members.list.some(
    ({ info, value }) => (info.roles & ROLE_ROWS) !== 0 && isArrayOfArrays(run, value),
  );
  return columns && rows ? { columns, rules: rulesOf(run, document, columns.value) } : undefined;
};

/** `[["id","ssn"],[1,"..."]]`: a first row of nothing but strings above rows of the same length. */
const headerRow = (run: MaskingRun, document: Document, node: number): Rules | undefined => {
  const { tape } = run;
  const first = node + NODE_INTS;
  if (first >= nextOf(tape, node) || typeOf(tape, first) !== ARRAY) return undefined;
  const second = nextOf(tape, first);
  if (second >= nextOf(tape, node) || typeOf(tape, second) !== ARRAY) return undefined;
  const cells = elements(run, first);
  if (cells.length < 2 || elements(run, second).length !== cells.length) return undefined;
  return cells.every((cell) => isLabelText(run, cell)) ? rulesOf(run, document, first) : undefined;
};

const walkArray = (
  run: MaskingRun,
  document: Document,
  node: number,
  rule: Rule | undefined,
  columns?: Rules,
): void => {
  const { tape, idLike, place } = run;
  const header = columns || run.plain ? undefined : headerRow(run, document, node);
  let index = 0;
  for (let child = node + NODE_INTS; child < nextOf(tape, node); child = nextOf(tape, child)) {
    run.place = below(place, index);
    run.idLike = idLike;
    const cells = columns ?? (index > 0 ? header : undefined);
    if (cells && typeOf(tape, child) === ARRAY) walkRow(run, document, child, cells);
    else walkData(run, document, child, rule);
    index++;
  }
  run.place = place;
};

const walkRow = (run: MaskingRun, document: Document, row: number, columns: Rules): void => {
  const { place } = run;
  elements(run, row).forEach((cell, i) => {
    run.place = below(place, i);
    walkData(run, document, cell, columns[i]);
  });
  run.place = place;
};

const walkObject = (run: MaskingRun, document: Document, node: number, rule: Rule | undefined): void => {
  const members = readMembers(run, document, node);
  const label = run.plain ? undefined : siblingLabel(run, document, members);
  const table = run.plain ? undefined : tableOf(run, document, members);
  const bytes = maskBytes(run, document, members);
  const { plain } = run;
  for (const member of members.list) {
    if (member === bytes) continue;
    const { roles } = member.info;
    let own = run.plain ? undefined : inherit(rule, member);
    if (label) own = member === label.member ? undefined : (roles & ROLE_VALUE) !== 0 ? label.rule : own;
    // The `name` of a column is not the name of a person.
    if (member === table?.columns) run.plain = true;
    walkMember(run, document, member, own, (roles & ROLE_ROWS) !== 0 ? table?.rules : undefined);
    run.plain = plain;
  }
};

/** Masks the value of a member under the rule that it stands under, if any. */
export const walkMember = (
  run: MaskingRun,
  document: Document,
  member: Member,
  rule: Rule | undefined,
  columns?: Rules,
): void => {
  const { idLike, place } = run;
  run.idLike = member.info.idLike;
  run.place = below(place, member.name);
  if (columns && typeOf(run.tape, member.value) === ARRAY)
    walkArray(run, document, member.value, rule, columns);
  else walkData(run, document, member.value, rule);
  run.idLike = idLike;
  run.place = place;
};

/**
 * Masks a JSON value whose keys describe data: structuredContent, _meta, arguments, error.data, JSON inside text. A
 * rule reaches the elements of an array, and of an object those members that carry the value itself.
 */
export const walkData = (run: MaskingRun, document: Document, node: number, rule: Rule | undefined): void => {
  const type = typeOf(run.tape, node);
  if (type === OBJECT) walkObject(run, document, node, rule);
  else if (type === ARRAY) walkArray(run, document, node, rule);
  else if (type === NUMBER) maskNumber(run, document, node, rule);
  else if (isString(run.tape, node)) maskString(run, document, node, rule);
};

/** Masks a JSON value whose keys are names of the protocol: its texts are scanned, its keys mean nothing. */
export const walkPlain = (run: MaskingRun, document: Document, node: number): void => {
  const { plain } = run;
  run.plain = true;
  walkData(run, document, node, undefined);
  run.plain = plain;
};
