import {
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
 * Pure built-ins of SQLite 3.53 as the gateway's own build has them.
 *
 * Not listed, so refused: what tells of the connection or the library (`changes`, `sqlite_version` …), random numbers,
 * `load_extension`, `zeroblob` (one call reserves as much memory as it names; the connection's length limit bounds what
 * `printf` and `replace` can make), planner hints (`likelihood` …), and the functions of FTS, R-tree and Geopoly.
 * MIN and MAX of several arguments are scalar; one rule serves both forms.
 */
export const SQLITE_FUNCTIONS = indexRules(
  readRows(
    SCALAR_LEAKPROOF,
    `COALESCE 2+; IF 2+; IFNULL 2; IIF 2+; INSTR 2; LENGTH 1; LOWER 1; LTRIM 1-2; NULLIF 2;
     OCTET_LENGTH 1; RTRIM 1-2; SUBSTR 2-3; SUBSTRING 2-3; TRIM 1-2; TYPEOF 1; UNICODE 1; UPPER 1`,
  ),
  readRows(
    SCALAR_FALLIBLE,
    // numbers
    `ABS 1; ACOS 1; ACOSH 1; ASIN 1; ASINH 1; ATAN 1; ATAN2 2; ATANH 1; CEIL 1; CEILING 1; COS 1; COSH 1; DEGREES 1;
     EXP 1; FLOOR 1; LN 1; LOG 1-2; LOG10 1; LOG2 1; MOD 2; PI 0; POW 2; POWER 2; RADIANS 1; ROUND 1-2; SIGN 1; SIN 1;
     SINH 1; SQRT 1; TAN 1; TANH 1; TRUNC 1;` +
      // text and bytes
      // joined texts may be longer than SQLite can hold
      `CONCAT 1+; CONCAT_WS 2+; CHAR 0+; FORMAT 0+; HEX 1; PRINTF 0+; QUOTE 1; REPLACE 3; SOUNDEX 1; UNHEX 1-2; UNISTR 1; UNISTR_QUOTE 1;` +
      // JSON
      `JSON 1; JSONB 1; JSONB_ARRAY 0+; JSONB_ARRAY_INSERT 1+; JSONB_EXTRACT 1+; JSONB_INSERT 1+; JSONB_OBJECT 0+;
     JSONB_PATCH 2; JSONB_REMOVE 1+; JSONB_REPLACE 1+; JSONB_SET 1+; JSON_ARRAY 0+; JSON_ARRAY_INSERT 1+;
     JSON_ARRAY_LENGTH 1-2; JSON_ERROR_POSITION 1; JSON_EXTRACT 1+; JSON_INSERT 1+; JSON_OBJECT 0+; JSON_PATCH 2;
     JSON_PRETTY 1-2; JSON_QUOTE 1; JSON_REMOVE 1+; JSON_REPLACE 1+; JSON_SET 1+; JSON_TYPE 1-2; JSON_VALID 1-2`,
  ),
  // Any argument of these may say 'now', which is fixed for one step of a statement.
  readRows(
    SCALAR_CLOCK,
    `CURRENT_DATE 0; CURRENT_TIME 0; CURRENT_TIMESTAMP 0; DATE 0+; DATETIME 0+; JULIANDAY 0+; STRFTIME 1+; TIME 0+;
     TIMEDIFF 2; UNIXEPOCH 0+`,
  ),
  readRows(BOTH_LEAKPROOF, 'COUNT 0-1; MAX 1+; MIN 1+; TOTAL 1'),
  readRows(
    BOTH_FALLIBLE,
    `AVG 1; GROUP_CONCAT 1-2; JSONB_GROUP_ARRAY 1; JSONB_GROUP_OBJECT 2; JSON_GROUP_ARRAY 1; JSON_GROUP_OBJECT 2; MEDIAN 1;
     PERCENTILE 2; PERCENTILE_CONT 2; PERCENTILE_DISC 2; STRING_AGG 2; SUM 1`,
  ),
  readRows(
    WINDOW_LEAKPROOF,
    'CUME_DIST 0; DENSE_RANK 0; FIRST_VALUE 1; LAST_VALUE 1; PERCENT_RANK 0; RANK 0; ROW_NUMBER 0',
  ),
  readRows(WINDOW_FALLIBLE, 'LAG 1-3; LEAD 1-3; NTH_VALUE 2; NTILE 1'),
);
