import type { ResultType } from '../../domain/result-set.js';

/** Every type of an answer's column; does not compile where one of {@link ResultType} is missing. */
const BY_NAME: Readonly<Record<ResultType, true>> = {
  integer: true,
  decimal: true,
  float: true,
  text: true,
  binary: true,
  boolean: true,
  date: true,
  time: true,
  datetime: true,
  json: true,
  unknown: true,
};

/** The names of the column types, for the answer's schema. */
export const RESULT_TYPES = Object.keys(BY_NAME) as ResultType[];
