/**
 * Is the URI the one the pattern says? `*` stands for any run of characters, also none and also slashes; everything else
 * for itself, case counts, there is no escape. The pieces between the stars are looked for once each, from left to
 * right, without backtracking: at most length of the URI x length of the pattern steps, in practice one pass.
 */
export const compileUriPattern = (pattern: string): ((uri: string) => boolean) => {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (uri) => uri === pattern;
  const inner = rest.filter((piece) => piece !== '');
  return (uri) => {
    const end = uri.length - last.length;
    if (end < first.length || !uri.startsWith(first) || !uri.endsWith(last)) return false;
    let at = first.length;
    for (const piece of inner) {
      const found = uri.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
};
