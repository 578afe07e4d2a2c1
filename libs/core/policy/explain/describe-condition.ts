import type { PolicyCheck, PolicyCondition, PolicyScalar } from '../policy.types.js';

/** A condition in the words of the policy file, one text for each check. Recorded in decisions: a text once written stays. */
export const describeCondition = ({ path, checks }: PolicyCondition): readonly string[] =>
  checks.map((check) => `${path} ${describeCheck(check)}`);

const describeCheck = (check: PolicyCheck): string => {
  switch (check.op) {
    case 'eq':
      return `is ${scalar(check.value)}`;
    case 'in':
      return `in [${check.values.map(scalar).join(', ')}]`;
    case 'size':
      return `size ${check.min} to ${check.max ?? 'any'}`;
    case 'within':
      return `within ${check.folder}`;
    case 'cidr':
      return `cidr [${check.ranges.join(', ')}]`;
    case 'changeWindow':
      return `in ${check.days.join(', ')} ${check.from} to ${check.to} ${check.timeZone}`;
    default:
      return `${check.op} ${check.value}`;
  }
};

const scalar = (value: PolicyScalar): string =>
  typeof value === 'object' ? value.decimal : JSON.stringify(value);
