import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collidingNames, isPlainName, skeletonOf, splitUnitedName, unitedName } from './names.js';

describe('a name is plain when each character can be told from every other', () => {
  it.each(['read_file', 'get-user', 'admin.tools.list', 'a/b', 'My Prompt', 'A1'])('%j is', (name) => {
    expect(isPlainName('tools', name)).toBe(true);
  });
  it.each([
    ['a Cyrillic letter', 'r\u0435ad_file'],
    ['a zero-width space', 'read\u200b_file'],
    ['a full-width letter', '\uff52ead_file'],
    ['a combining mark', 'read\u0301_file'],
    ['a right-to-left override', 'read\u202e_file'],
    ['a no-break space', 'read\u00a0file'],
    ['a control character', 'read\u0007'],
    ['a space at its end', 'read_file '],
    ['nothing', ''],
  ])('one with %s is not', (_, name) => {
    expect(isPlainName('tools', name)).toBe(false);
  });
  it('a URI may hold every visible ASCII character, and nothing else', () => {
    expect(isPlainName('resourceTemplates', 'file:///{+path}?a=1&b=%20#x')).toBe(true);
    expect(isPlainName('resources', 'file:///b\u0430nk')).toBe(false);
    expect(isPlainName('resources', 'file:///a b')).toBe(false);
  });
});

describe('names collide when they look alike', () => {
  it.each([
    ['case', 'read_file', 'Read_File'],
    ['I and l', 'read_file', 'read_fiIe'],
    ['1 and l', 'list', '1ist'],
    ['0 and O', 'get_oo', 'get_0O'],
    ['rn and m', 'confirm', 'confirrn'],
    ['vv and w', 'view', 'vievv'],
    ['width', 'read', '\uff52ead'],
    ['an invisible character', 'read', 're\u200dad'],
    ['a combining mark', 'read', 're\u0335ad'],
    ['two spaces', 'my prompt', 'my  prompt'],
  ])('by %s', (_, one, other) => {
    expect(collidingNames([one, other, 'unrelated'])).toEqual(new Set([one, other]));
  });
  it('a name does not collide with itself', () => {
    expect(collidingNames(['read', 'read', 'write']).size).toBe(0);
  });
  it('whatever the names, each colliding one has a twin with its skeleton', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (names) => {
        for (const name of collidingNames(names))
          expect(names.some((other) => other !== name && skeletonOf(other) === skeletonOf(name))).toBe(true);
      }),
    );
  });
});

describe('names of the united endpoint', () => {
  const server = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
  it('lead back to the one server and name they were made of, whatever underscores the name holds', () => {
    const name = fc.string({ unit: fc.constantFrom('_', '-', 'a', 'b', '.') });
    fc.assert(
      fc.property(server, name, (of, called) => {
        expect(splitUnitedName(unitedName(of, called))).toEqual({ server: of, name: called });
      }),
    );
  });
  it.each(['tool', '__tool', 'a_tool'])('%j names no server', (united) => {
    expect(splitUnitedName(united)).toBeUndefined();
  });
});
