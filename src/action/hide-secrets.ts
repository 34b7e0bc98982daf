/** Variables whose value nobody but the job may know. */
const SECRET_NAME =
  /(?:^|[-_])(?:TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?|(?:API|ACCESS|PRIVATE)[-_]?KEY)$/i;
/** Shorter values are words that stand in any text. */
const LEAST_CHARACTERS = 8;
const HIDDEN = '***';

/**
 * Takes the values of secrets out of text. The runner does so in the log, and nowhere else: a comment, a check run and a summary show what a
 * program prints of, say, HF_TOKEN to everybody.
 * @param env the job's variables, by whose names secrets are known
 * @param further secrets that are no variable
 */
export function secretHider(
  env: Readonly<Record<string, string | undefined>>,
  further: readonly string[] = [],
): (text: string) => string {
  const values = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) ? [value.trim()] : [],
  );
  const secrets = [...new Set([...values, ...further])].filter((value) => value.length >= LEAST_CHARACTERS);
  // The longest first: one may be the beginning of another.
  const ordered = secrets.sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
}
