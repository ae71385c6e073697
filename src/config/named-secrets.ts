/** Names that come in numbers: the prefix, and what a file of settings calls them by. */
const NAME = /^[A-Z][A-Z0-9_]{0,99}$/;

/**
 * Secrets whose names an operator makes up, all with one prefix: a file of settings names them, and can reach no other
 * secret of the environment. Each may come from a file (`NAME_FILE`), as any secret.
 *
 * @param read the value of one name, from the environment or its file; null where it is empty or cannot be read
 */
export function readNamedSecrets(
  prefix: string,
  env: Readonly<Record<string, string | undefined>>,
  read: (name: string) => string | null,
): ReadonlyMap<string, string> {
  const names = Object.keys(env)
    .filter((key) => key.startsWith(prefix) && NAME.test(key))
    .map((key) => key.replace(/_FILE$/, ''))
    .filter((name) => name.length > prefix.length);
  const secrets = new Map<string, string>();
  for (const name of new Set(names)) {
    const value = read(name);
    if (value !== null) secrets.set(name, value);
  }
  return secrets;
}
