/** The three grammars Swali reads and prints. MySQL and MariaDB differ enough to be told apart everywhere. */
export const DIALECTS = ['mysql', 'mariadb', 'sqlite'] as const;

/** One of {@link DIALECTS}: which server reads the printed text. */
export type Dialect = (typeof DIALECTS)[number];
