import type { Dialect } from '../../domain/dialect.js';

/**
 * What a function takes and gives, for writing calls that mostly mean something. Arguments are words:
 * `n` a number · `s` a small whole number · `z` a number that is not 0 · `t` text · `d` a date · `j` a document ·
 * `x` anything · `b` a condition · `i` an INTERVAL · `u` hexadecimal bytes of a UUID · `#5` this number · `'abc` this text.
 */
export interface FunctionSignature {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly gives: 'number' | 'text' | 'date' | 'json';
}

const GIVES = { n: 'number', t: 'text', d: 'date', j: 'json' } as const;

/** Reads lines of `arguments > result: NAME NAME …`. */
function readSignatures(table: string): FunctionSignature[] {
  return table
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .flatMap((line) => {
      const parts = /^(.*)> ([ntdj]): (.+)$/.exec(line);
      if (!parts) throw new Error(`signature table: ${JSON.stringify(line)}`);
      const words = (parts[1] as string).split(' ').filter((word) => word !== '');
      const gives = GIVES[parts[2] as keyof typeof GIVES];
      return (parts[3] as string).split(' ').map((name) => ({ name, arguments: words, gives }));
    });
}

/** `~` in a written text stands for a blank. */
const SHARED = `
n > n: ABS ACOS ASIN ATAN BIT_COUNT CEIL CEILING COS DEGREES FLOOR LN LOG LOG10 LOG2 RADIANS ROUND SIGN SIN SQRT TAN
n > t: BIN OCT INET_NTOA
z > n: COT
s > n: EXP
s s > n: POW POWER
n n > n: ATAN ATAN2 MOD GREATEST LEAST IFNULL NULLIF COALESCE
n s > n: ROUND TRUNCATE
s n > n: LOG
n n n > n: GREATEST
> n: PI
x > n: CRC32 ISNULL BIT_LENGTH CHARACTER_LENGTH CHAR_LENGTH LENGTH OCTET_LENGTH JSON_VALID
t > n: ASCII ORD INET_ATON IS_IPV4 IS_IPV6
'10.0.0.1 > n: INET_ATON IS_IPV4
u > n: IS_IPV4_COMPAT IS_IPV4_MAPPED
n s > t: FORMAT
n s 'en_US > t: FORMAT
x > t: HEX QUOTE CHARSET COLLATION
t #10 #16 > t: CONV
s s > t: CHAR
s t t > t: ELT MAKE_SET EXPORT_SET
s t t '- > t: EXPORT_SET
s t t '- s > t: EXPORT_SET
t t > n: INSTR LOCATE FIND_IN_SET STRCMP
t t t > n: FIELD
t t s > n: LOCATE
t > t: FROM_BASE64 REVERSE SOUNDEX TO_BASE64 UNHEX WEIGHT_STRING LCASE LOWER LTRIM RTRIM UCASE UPPER
t s t > t: LPAD RPAD
t s s t > t: INSERT
t '[a-z]+ > n: REGEXP_INSTR
t '[a-z]+ > t: REGEXP_SUBSTR
t '[aeiou] t > t: REGEXP_REPLACE
t s > t: REPEAT LEFT RIGHT SUBSTR SUBSTRING MID
t s s > t: SUBSTR SUBSTRING MID
t t t > t: REPLACE
t '~ s > t: SUBSTRING_INDEX
s > t: SPACE SEC_TO_TIME
t #256 > t: SHA2
t t > t: CONCAT COALESCE IFNULL NULLIF GREATEST
'- t t > t: CONCAT_WS
b n n > n: IF
b t t > t: IF
d > n: QUARTER YEAR MONTH DAY DAYOFMONTH DAYOFWEEK DAYOFYEAR HOUR MICROSECOND MINUTE SECOND TIME_TO_SEC TO_DAYS TO_SECONDS WEEK WEEKDAY WEEKOFYEAR YEARWEEK UNIX_TIMESTAMP
d s > n: WEEK YEARWEEK
d d > n: DATEDIFF
d d > t: TIMEDIFF
d > t: DAYNAME MONTHNAME TIME
d > d: DATE LAST_DAY TIMESTAMP
d i > d: ADDDATE DATE_ADD DATE_SUB SUBDATE
d s > d: ADDDATE SUBDATE
d '01:00:00 > d: ADDTIME SUBTIME TIMESTAMP
d '+00:00 '+03:00 > d: CONVERT_TZ
d '%Y-%m > t: DATE_FORMAT
d '%H:%i > t: TIME_FORMAT
t '%Y-%m-%d > d: STR_TO_DATE
n > d: FROM_DAYS FROM_UNIXTIME
n '%Y > t: FROM_UNIXTIME
#2024 s > d: MAKEDATE
s s s > t: MAKETIME
#202401 s > n: PERIOD_ADD
#202412 #202401 > n: PERIOD_DIFF
> d: CURDATE CURRENT_DATE CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP NOW UTC_DATE UTC_TIMESTAMP
> t: CURRENT_TIME CURTIME UTC_TIME
> n: UNIX_TIMESTAMP
x x > j: JSON_ARRAY
'a x > j: JSON_OBJECT
j '$[0] x > j: JSON_ARRAY_APPEND JSON_ARRAY_INSERT
j '$.a x > j: JSON_INSERT JSON_REPLACE JSON_SET
j j > n: JSON_CONTAINS
j j '$ > n: JSON_CONTAINS
j 'one '$.a > n: JSON_CONTAINS_PATH
j > n: JSON_DEPTH JSON_LENGTH
j '$.a > n: JSON_LENGTH
j '$.a > j: JSON_EXTRACT JSON_KEYS JSON_REMOVE
j '$[0] > j: JSON_EXTRACT
j > j: JSON_KEYS
j j > j: JSON_MERGE_PATCH JSON_MERGE_PRESERVE
t > t: JSON_QUOTE
j > t: JSON_TYPE JSON_UNQUOTE
j 'one t > t: JSON_SEARCH
j '$.a[0] > t: JSON_VALUE
'10.0.0.1 > t: INET6_ATON
u > t: INET6_NTOA
`;

const MYSQL = `
u > t: BIN_TO_UUID
u s > t: BIN_TO_UUID
n > t: FORMAT_BYTES FORMAT_PICO_TIME
t > n: IS_UUID
j j > n: JSON_OVERLAPS
j > t: JSON_PRETTY
j > n: JSON_STORAGE_SIZE
'{} j > n: JSON_SCHEMA_VALID
'{} j > j: JSON_SCHEMA_VALIDATION_REPORT
t '[a-z]+ > n: REGEXP_LIKE
t '[a-z]+ 'i > n: REGEXP_LIKE
t '[a-z]+ #1 #2 > n: REGEXP_INSTR
t '[a-z]+ #1 #2 > t: REGEXP_SUBSTR
t '[aeiou] t #1 #2 > t: REGEXP_REPLACE
'6ccd780c-baba-1026-9564-5b8c656024db > t: UUID_TO_BIN
'6ccd780c-baba-1026-9564-5b8c656024db #1 > t: UUID_TO_BIN
`;

const MARIADB = `
d s > d: ADD_MONTHS
s > t: CHR
j > j: JSON_COMPACT JSON_LOOSE
j > t: JSON_DETAILED
j s > t: JSON_DETAILED
j '$.a > n: JSON_EXISTS
j '$.a > j: JSON_QUERY
d > t: TO_CHAR
d 'YYYY-MM-DD > t: TO_CHAR
t > n: LENGTHB
t > t: MD5 SHA SHA1
t t > t: NVL
n n > n: NVL
x n n > n: NVL2
d '%W 'en_US > t: DATE_FORMAT
t s > t: LPAD RPAD
`;

const SQLITE = `
n > n: ABS ACOS ACOSH ASIN ASINH ATAN ATANH CEIL CEILING COS DEGREES FLOOR LN LOG LOG10 LOG2 RADIANS ROUND SIGN SIN SQRT TAN TANH TRUNC
s > n: EXP COSH SINH
s s > n: POW POWER
n n > n: ATAN2 MOD IFNULL NULLIF COALESCE MAX MIN
n s > n: ROUND
s n > n: LOG
> n: PI
n n n > n: COALESCE MAX MIN
x > n: LENGTH OCTET_LENGTH JSON_VALID JSON_ERROR_POSITION
j #6 > n: JSON_VALID
t > n: UNICODE
t t > n: INSTR
b n n > n: IF IIF
b t t > t: IF IIF
b t > t: IF IIF
t > t: LOWER LTRIM RTRIM TRIM UPPER SOUNDEX UNISTR_QUOTE UNHEX
'caf\\u00e9 > t: UNISTR
x > t: TYPEOF HEX QUOTE
t '~ > t: LTRIM RTRIM TRIM UNHEX
t t > t: CONCAT COALESCE IFNULL NULLIF MAX MIN
'- t t > t: CONCAT_WS
t s > t: SUBSTR SUBSTRING
t s s > t: SUBSTR SUBSTRING
s s > t: CHAR
'%s:%d t n > t: FORMAT PRINTF
'%.2f n > t: FORMAT PRINTF
t t t > t: REPLACE
d > d: DATE DATETIME
d '+1~day > d: DATE DATETIME
d 'start~of~month '+1~month > d: DATE
d > t: TIME
> d: CURRENT_DATE CURRENT_TIMESTAMP DATE DATETIME
> t: CURRENT_TIME TIME
'now > d: DATE
d > n: JULIANDAY UNIXEPOCH
'%Y-%m d > t: STRFTIME
d d > t: TIMEDIFF
j > j: JSON JSONB
x x > j: JSON_ARRAY JSONB_ARRAY
'a x > j: JSON_OBJECT JSONB_OBJECT
j '$[0] x > j: JSON_ARRAY_INSERT JSONB_ARRAY_INSERT
j '$.a > j: JSON_EXTRACT JSONB_EXTRACT JSON_REMOVE JSONB_REMOVE
j '$[0] > j: JSON_EXTRACT
j '$.a x > j: JSON_INSERT JSONB_INSERT JSON_REPLACE JSONB_REPLACE JSON_SET JSONB_SET
j j > j: JSON_PATCH JSONB_PATCH
j > n: JSON_ARRAY_LENGTH
j '$.a > n: JSON_ARRAY_LENGTH
j > t: JSON_PRETTY JSON_TYPE
j '~ > t: JSON_PRETTY
j '$.a > t: JSON_TYPE
x > t: JSON_QUOTE
`;

const shared = readSignatures(SHARED);

/** Signatures of every scalar function on a dialect's allow-list, but of those that the reader refuses or that want a ROLLUP. */
export const FUNCTION_SIGNATURES: Readonly<Record<Dialect, readonly FunctionSignature[]>> = {
  mysql: [...shared, ...readSignatures(MYSQL)],
  mariadb: [...shared, ...readSignatures(MARIADB)],
  sqlite: readSignatures(SQLITE),
};
