import {
  AGGREGATE_FALLIBLE,
  BOTH_FALLIBLE,
  BOTH_LEAKPROOF,
  indexRules,
  readRows,
  SCALAR_CLOCK,
  SCALAR_FALLIBLE,
  SCALAR_LEAKPROOF,
  WINDOW_FALLIBLE,
  WINDOW_LEAKPROOF,
} from './function-rows.js';

/**
 * Pure built-ins that MySQL 8.0.31–9.7 and MariaDB 10.6–10.11 share, with the numbers of arguments that both take.
 *
 * A function is listed only where every version of that range has it natively: an older server would take an unknown
 * name for a stored function. Not listed, so refused: what tells of the session or the server, what waits, locks, reads
 * files or random numbers, what takes keys, XML functions (their errors quote data), full-text search, ANY_VALUE (its
 * choice among rows can be steered by hidden ones), and calls with a grammar of their own that the algebra does not have.
 *
 * Leakproof is claimed only where no stored value of any type made the call fail in the pinned sql_mode; the tests try
 * the value types on the live servers.
 */
const SHARED = [
  ...readRows(
    SCALAR_LEAKPROOF,
    `ASCII 1; BIT_LENGTH 1; CHARACTER_LENGTH 1; CHAR_LENGTH 1; COALESCE 1+; CONCAT 1+; CONCAT_WS 2+; IF 3; IFNULL 2;
     ISNULL 1; LCASE 1; LEFT 2; LENGTH 1; LOWER 1; LTRIM 1; MID 2-3; NULLIF 2;
     OCTET_LENGTH 1; ORD 1; QUARTER 1; RIGHT 2; RTRIM 1; SHA2 2; SUBSTR 2-3; SUBSTRING 2-3;
     UCASE 1; UPPER 1; YEAR 1; MONTH 1; DAY 1; DAYOFMONTH 1`,
  ),
  ...readRows(
    SCALAR_FALLIBLE,
    // numbers
    `ABS 1; ACOS 1; ASIN 1; ATAN 1-2; ATAN2 1-2; BIN 1; BIT_COUNT 1; CEIL 1; CEILING 1; CONV 3; COS 1; COT 1; CRC32 1;
     DEGREES 1; EXP 1; FLOOR 1; FORMAT 2-3; GREATEST 2+; INTERVAL 2+; LEAST 2+; LN 1; LOG 1-2; LOG10 1; LOG2 1; MOD 2;
     OCT 1; PI 0; POW 2; POWER 2; RADIANS 1; ROUND 1-2; SIGN 1; SIN 1; SQRT 1; TAN 1; TRUNCATE 2;` +
      // text and bytes
      `CHAR 1+; CHARSET 1; COLLATION 1; ELT 2+; EXPORT_SET 3-5; FIELD 2+; FIND_IN_SET 2; FROM_BASE64 1; HEX 1; INSERT 4;
     INSTR 2; LOCATE 2-3; LPAD 3; MAKE_SET 2+; QUOTE 1; REGEXP_INSTR 2; REGEXP_REPLACE 3; REGEXP_SUBSTR 2; REPEAT 2; REPLACE 3; REVERSE 1;
     RPAD 3; SOUNDEX 1; SPACE 1; STRCMP 2; SUBSTRING_INDEX 3; TO_BASE64 1; UNHEX 1; WEIGHT_STRING 1;` +
      // dates and times
      `ADDDATE 2; ADDTIME 2; CONVERT_TZ 3; DATE 1; DATEDIFF 2; DATE_ADD 2; DATE_FORMAT 2; DATE_SUB 2; DAYNAME 1;
     DAYOFWEEK 1; DAYOFYEAR 1; FROM_DAYS 1; FROM_UNIXTIME 1-2; HOUR 1; LAST_DAY 1; MAKEDATE 2; MAKETIME 3;
     MICROSECOND 1; MINUTE 1; MONTHNAME 1; PERIOD_ADD 2; PERIOD_DIFF 2; SECOND 1; SEC_TO_TIME 1; STR_TO_DATE 2;
     SUBDATE 2; SUBTIME 2; TIMEDIFF 2; TIME_FORMAT 2; TIME_TO_SEC 1; TO_DAYS 1; TO_SECONDS 1; WEEK 1-2; WEEKDAY 1;
     WEEKOFYEAR 1; YEARWEEK 1-2;` +
      // JSON
      `JSON_ARRAY 0+; JSON_ARRAY_APPEND 3+; JSON_ARRAY_INSERT 3+; JSON_CONTAINS 2-3; JSON_CONTAINS_PATH 3+; JSON_DEPTH 1;
     JSON_EXTRACT 2+; JSON_INSERT 3+; JSON_KEYS 1-2; JSON_LENGTH 1-2; JSON_MERGE_PATCH 2+; JSON_MERGE_PRESERVE 2+;
     JSON_OBJECT 0+; JSON_QUOTE 1; JSON_REMOVE 2+; JSON_REPLACE 3+; JSON_SEARCH 3+; JSON_SET 3+; JSON_TYPE 1;
     JSON_UNQUOTE 1; JSON_VALID 1; JSON_VALUE 2;` +
      // addresses
      `INET6_ATON 1; INET6_NTOA 1; INET_ATON 1; INET_NTOA 1; IS_IPV4 1; IS_IPV4_COMPAT 1; IS_IPV4_MAPPED 1; IS_IPV6 1`,
  ),
  // TIME and TIMESTAMP of a bare time fill in today's date; UNIX_TIMESTAMP without argument is now.
  ...readRows(
    SCALAR_CLOCK,
    `CURDATE 0; CURRENT_DATE 0; CURRENT_TIME 0-1; CURRENT_TIMESTAMP 0-1; CURTIME 0-1; LOCALTIME 0-1; LOCALTIMESTAMP 0-1;
     NOW 0-1; TIME 1; TIMESTAMP 1-2; UNIX_TIMESTAMP 0-1; UTC_DATE 0; UTC_TIME 0-1; UTC_TIMESTAMP 0-1`,
  ),
  ...readRows(BOTH_LEAKPROOF, 'COUNT 1+; MAX 1; MIN 1'),
  ...readRows(
    BOTH_FALLIBLE,
    'AVG 1; BIT_AND 1; BIT_OR 1; BIT_XOR 1; STD 1; STDDEV 1; STDDEV_POP 1; STDDEV_SAMP 1; SUM 1; VARIANCE 1; VAR_POP 1; VAR_SAMP 1',
  ),
  ...readRows(AGGREGATE_FALLIBLE, 'GROUP_CONCAT 1+'),
  ...readRows(
    WINDOW_LEAKPROOF,
    'CUME_DIST 0; DENSE_RANK 0; FIRST_VALUE 1; LAST_VALUE 1; PERCENT_RANK 0; RANK 0; ROW_NUMBER 0',
  ),
  ...readRows(WINDOW_FALLIBLE, 'NTH_VALUE 2; NTILE 1'),
];

/** In every row of the shared table the server takes at least what is said there; MySQL takes more here. */
const MYSQL_ONLY = [
  ...readRows(
    SCALAR_FALLIBLE,
    `BIN_TO_UUID 1-2; FORMAT_BYTES 1; FORMAT_PICO_TIME 1; GROUPING 1+; IS_UUID 1; JSON_OVERLAPS 2; JSON_PRETTY 1;
     JSON_SCHEMA_VALID 2; JSON_SCHEMA_VALIDATION_REPORT 2; JSON_STORAGE_SIZE 1; REGEXP_LIKE 2-3; UUID_TO_BIN 1-2`,
  ),
  ...readRows(BOTH_FALLIBLE, 'JSON_ARRAYAGG 1; JSON_OBJECTAGG 2'),
  ...readRows(WINDOW_FALLIBLE, 'LAG 1-3; LEAD 1-3'),
];

/**
 * MD5 and SHA1 are MariaDB's alone: MySQL 9.7 no longer has them built in.
 * JSON_OVERLAPS (10.9), JSON_EQUALS, NATURAL_SORT_KEY, SFORMAT (10.7) and JSON_PRETTY (10.10) are newer than 10.6.
 */
const MARIADB_ONLY = [
  ...readRows(
    SCALAR_FALLIBLE,
    'ADD_MONTHS 2; CHR 1; JSON_COMPACT 1; JSON_DETAILED 1-2; JSON_EXISTS 2; JSON_LOOSE 1; JSON_QUERY 2; TO_CHAR 1-2',
  ),
  ...readRows(SCALAR_LEAKPROOF, 'LENGTHB 1; MD5 1; NVL 2; NVL2 3; SHA 1; SHA1 1'),
  ...readRows(AGGREGATE_FALLIBLE, 'JSON_ARRAYAGG 1; JSON_OBJECTAGG 2'),
  ...readRows(WINDOW_FALLIBLE, 'LAG 1-2; LEAD 1-2; MEDIAN 1'),
];

/** Shared names of which MySQL takes more arguments. */
const MYSQL_WIDER = readRows(SCALAR_FALLIBLE, 'REGEXP_INSTR 2-6; REGEXP_REPLACE 3-6; REGEXP_SUBSTR 2-5');

/** Shared names of which MariaDB takes more arguments. */
const MARIADB_WIDER = readRows(SCALAR_FALLIBLE, 'DATE_FORMAT 2-3; LPAD 2-3; RPAD 2-3');

const without = (names: readonly { readonly name: string }[]) =>
  SHARED.filter((rule) => !names.some((other) => other.name === rule.name));

export const MYSQL_FUNCTIONS = indexRules(without(MYSQL_WIDER), MYSQL_WIDER, MYSQL_ONLY);
export const MARIADB_FUNCTIONS = indexRules(without(MARIADB_WIDER), MARIADB_WIDER, MARIADB_ONLY);
