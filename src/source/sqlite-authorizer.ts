import { constants } from '@photostructure/sqlite';

/** Pragmas that {@link Source.inspect} may read. None of them writes. */
const TRUSTED_PRAGMAS: ReadonlySet<string> = new Set([
  'table_list',
  'table_xinfo',
  'index_list',
  'index_xinfo',
  'foreign_key_list',
]);

/** Functions that reach outside the database where an engine has them; refused by name beside the seal's own allow-list. */
const CLOSED_FUNCTIONS: ReadonlySet<string> = new Set([
  'load_extension',
  'readfile',
  'writefile',
  'edit',
  'fts3_tokenizer',
  'sqlite_log',
  'sqlite_offset',
]);

/** Relations that tell about the database instead of the business. */
const CLOSED_RELATIONS = /^(?:sqlite_|pragma_|dbstat$|sqlite$)/i;

/**
 * The authorizer of a child: everything that is not reading is denied, whatever SQLite may add.
 *
 * @param isTrusted whether the statement now being compiled is text of this repository
 * @returns a callback for `setAuthorizer`
 */
export function createAuthorizer(isTrusted: () => boolean) {
  const {
    SQLITE_OK,
    SQLITE_DENY,
    SQLITE_SELECT,
    SQLITE_READ,
    SQLITE_FUNCTION,
    SQLITE_RECURSIVE,
    SQLITE_PRAGMA,
    SQLITE_TRANSACTION,
  } = constants;
  const decide = (allowed: boolean): number => (allowed ? SQLITE_OK : SQLITE_DENY);
  return (action: number, first: string | null, second: string | null): number => {
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE:
        return SQLITE_OK;
      case SQLITE_READ:
        return decide(isTrusted() || !CLOSED_RELATIONS.test(first ?? ''));
      case SQLITE_FUNCTION:
        return decide(!CLOSED_FUNCTIONS.has((second ?? '').toLowerCase()));
      case SQLITE_PRAGMA:
        return decide(isTrusted() && TRUSTED_PRAGMAS.has((first ?? '').toLowerCase()));
      case SQLITE_TRANSACTION:
        return decide(isTrusted());
      default:
        return SQLITE_DENY;
    }
  };
}
