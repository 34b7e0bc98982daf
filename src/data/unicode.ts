/** Character classes as Rust and Oniguruma define them; JavaScript's own `\s`, `\d` and `\w` differ (U+0085, U+FEFF, non-ASCII). */
export const WHITE_SPACE = '\\p{White_Space}';
/** Rust's `char::is_numeric`: all of category N, e.g. ½ and Ⅷ. */
export const NUMERIC = '\\p{N}';
/** `\w` of the Rust `regex` crate (UTS 18 annex C). */
export const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
