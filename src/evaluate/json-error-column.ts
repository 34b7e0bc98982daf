const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
// eslint-disable-next-line no-control-regex -- RFC 8259 section 7 forbids exactly these inside strings
const STRING_PART = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*/y;

/**
 * The column (from 1, in UTF-16 units) at which `text` stops being JSON, or undefined where it is JSON.
 * `JSON.parse` refuses the same texts, but V8 names the position in only some of its messages.
 * Grammar: RFC 8259.
 */
export function jsonErrorColumn(text: string): number | undefined {
  let at = 0;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return false;
    at += match[0].length;
    return true;
  };
  const take = (character: string): boolean => {
    skip(SPACE);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const string = (): boolean => take('"') && skip(STRING_PART) && text[at] === '"' && take('"');
  const member = (): boolean => string() && take(':') && value();
  const list = (close: string, entry: () => boolean): boolean => {
    if (take(close)) return true;
    do if (!entry()) return false;
    while (take(','));
    return take(close);
  };
  const value = (): boolean => {
    if (take('{')) return list('}', member);
    if (take('[')) return list(']', value);
    return text[at] === '"' ? string() : skip(WORD) || skip(NUMBER);
  };

  if (!value()) return at + 1;
  skip(SPACE);
  return at === text.length ? undefined : at + 1;
}
