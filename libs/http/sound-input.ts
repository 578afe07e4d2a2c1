import { type ArgumentMetadata, BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

const DEPTH_MAX = 32;
/** Of one object. Who compares names with names needs the square of their number. */
export const MEMBERS_MAX = 1_000;
/** Of all objects and arrays together. */
export const VALUES_MAX = 20_000;

/**
 * Bodies and queries before anything else looks at them: what checks them field by field goes as deep as they do, and takes
 * longer than a second over some that fit into the size of a body; and text that is not Unicode cannot be recorded.
 */
@Injectable()
export class SoundInput implements PipeTransform {
  /** @throws BadRequestException */
  transform(value: unknown, { type }: Pick<ArgumentMetadata, 'type'>): unknown {
    const defect = type === 'custom' ? undefined : defectOf(value);
    if (defect !== undefined) throw new BadRequestException([defect]);
    return value;
  }
}

/** Walks without recursion: the depth is not known to be small yet. */
const defectOf = (input: unknown): string | undefined => {
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: input, depth: 0 }];
  let values = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string' && !value.isWellFormed()) return 'a text is not Unicode';
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    if (depth >= DEPTH_MAX) return `it is deeper than ${DEPTH_MAX}`;
    const names = Array.isArray(value) ? [] : Object.keys(value);
    if (names.length > MEMBERS_MAX) return `an object has more than ${MEMBERS_MAX} members`;
    if (names.some((name) => !name.isWellFormed())) return 'a name is not Unicode';
    const inside: readonly unknown[] = Object.values(value);
    values += inside.length;
    if (values > VALUES_MAX) return `it has more than ${VALUES_MAX} values`;
    for (const each of inside) left.push({ value: each, depth: depth + 1 });
  }
  return undefined;
};
