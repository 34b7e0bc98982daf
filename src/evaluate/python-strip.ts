/**
 * Python's idea of white space (`str.isspace` of CPython 3.12). JavaScript's `\s` and `trim` also take U+FEFF and leave
 * U+001C–U+001F and U+0085; row 69 of mmlu_sociology ends in U+0085, so the difference changes a prompt.
 */
const SPACE = '\\t\\n\\v\\f\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`);
const RUN = new RegExp(`[${SPACE}]+`);
const ONE = new RegExp(`[${SPACE}]`);

/** Python's `text.strip()`. */
export function pythonStrip(text: string): string {
  return pythonRightStrip(text).replace(LEADING, '');
}

/** Python's `text.rstrip()`. A loop: the regular expression `[…]+$` takes quadratic time on long runs of spaces. */
export function pythonRightStrip(text: string): string {
  let end = text.length;
  while (end > 0 && ONE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** Python's `text.split()`: the words between runs of white space, none of them empty. */
export function pythonWords(text: string): string[] {
  const stripped = pythonStrip(text);
  return stripped === '' ? [] : stripped.split(RUN);
}

/** Python's `len(text)`: code points, not UTF-16 units. */
export function pythonLength(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) if (text.codePointAt(at)! > 0xffff) length -= 1;
  return length;
}
