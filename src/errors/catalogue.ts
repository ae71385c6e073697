/** One refusal or failure: HTTP status, and a public sentence that says what to do and nothing about anybody's data. */
export interface CatalogueEntry {
  readonly status: number;
  readonly sentence: string;
}

/**
 * Every code that Swali answers with, grouped by stage. Codes are stable: a retired one stays, marked.
 * The sentence is public. Grouped by stage as PostgREST does it.
 */
export const CATALOGUE = {
  // requests
  REQUEST_INVALID: {
    status: 400,
    sentence: 'The request is not in the form that this endpoint takes; see the detail.',
  },
  REQUEST_TOO_LARGE: { status: 413, sentence: 'The request body is too large; send less.' },
  REQUEST_UNSUPPORTED_MEDIA: { status: 415, sentence: 'Send the body as application/json in UTF-8.' },
  ROUTE_NOT_FOUND: { status: 404, sentence: 'There is nothing at this address.' },
  METHOD_NOT_ALLOWED: { status: 405, sentence: 'This address does not take that method.' },
  TLS_REQUIRED: {
    status: 403,
    sentence: 'This is answered by https alone; what you sent may have been read on its way.',
  },
  OVERLOADED: { status: 503, sentence: 'The gateway has more to do than it can; try again after the time given.' },
  LIMITS_UNAVAILABLE: {
    status: 503,
    sentence: 'Sign-ins cannot be counted now, so none is taken; try again shortly.',
  },
  RATE_LIMITED: { status: 429, sentence: 'Too many requests; try again after the time given.' },
  // identify
  AUTH_REQUIRED: { status: 401, sentence: 'Sign in and send the access token.' },
  AUTH_TOKEN_INVALID: { status: 401, sentence: 'The access token is not valid or has expired; sign in again.' },
  AUTH_CSRF_INVALID: {
    status: 403,
    sentence: 'The request did not come from this gateway’s own page, or that page is out of date; load it again.',
  },
  AUTH_CREDENTIALS_WRONG: { status: 401, sentence: 'The identifier, the password or the code is wrong.' },
  AUTH_SECOND_FACTOR_REQUIRED: { status: 401, sentence: 'Send a code of your second factor too.' },
  AUTH_PASSWORD_REQUIRED: { status: 401, sentence: 'Send your present password too.' },
  AUTH_SECOND_FACTOR_WRONG: {
    status: 403,
    sentence: 'The code is wrong, too old or used already; send the next one.',
  },
  AUTH_SECOND_FACTOR_ABSENT: { status: 409, sentence: 'There is no second factor to do this with; set one up first.' },
  AUTH_SECOND_FACTOR_MISSING: {
    status: 403,
    sentence: 'Your account must have a second factor; set one up and confirm it first.',
  },
  AUTH_PERMISSION_MISSING: { status: 403, sentence: 'Your account does not have the right to do this.' },
  AUTH_LINK_INVALID: { status: 400, sentence: 'The link is not valid, was used or has expired; ask for a new one.' },
  AUTH_ORIGIN_REFUSED: { status: 403, sentence: 'This is not open to pages of this origin.' },
  AUTH_CUSTOMER_UNKNOWN: { status: 404, sentence: 'There is no active customer account with this number.' },
  AUTH_SESSION_UNKNOWN: { status: 404, sentence: 'You have no living session of that id.' },
  IDENTITY_INPUT_INVALID: { status: 400, sentence: 'The account details are not acceptable; see the detail.' },
  IDENTITY_EXISTS: { status: 409, sentence: 'An account with this identifier exists already.' },
  AUTH_KEY_UNKNOWN: { status: 404, sentence: 'You have no such key.' },
  IDENTITY_UNKNOWN: { status: 404, sentence: 'There is no such account.' },
  IDENTITY_LAST_ADMIN: { status: 409, sentence: 'The last active admin can be neither disabled nor erased.' },
  IDENTITY_GROUP_UNKNOWN: { status: 404, sentence: 'There is no such group.' },
  IDENTITY_GROUP_EXISTS: { status: 409, sentence: 'A group with this name exists already.' },
  IDENTITY_MEMBER_UNKNOWN: { status: 404, sentence: 'The account is not a member of this group.' },
  MAIL_UNAVAILABLE: { status: 503, sentence: 'Mail cannot be sent now; try again later or tell the operator.' },
  AUTH_SSO_UNKNOWN: { status: 404, sentence: 'There is no provider of that name to sign in with.' },
  AUTH_SSO_NOT_BEGUN: {
    status: 401,
    sentence: 'This sign-in was not begun in this browser, was used already or took too long; begin again here.',
  },
  AUTH_SSO_REFUSED: {
    status: 401,
    sentence: 'The answer of the sign-in provider was not accepted; begin again, or ask your administrator.',
  },
  AUTH_SSO_DENIED: {
    status: 403,
    sentence: 'Your provider knows you, but you may not come in here with it; ask your administrator.',
  },
  AUTH_SSO_UNAVAILABLE: { status: 503, sentence: 'The sign-in provider cannot be reached now; try again later.' },
  AUTH_SSO_LOGOUT_INVALID: { status: 400, sentence: 'The logout token is not acceptable or was used already.' },
  // conversations
  CONVERSATION_UNKNOWN: {
    status: 404,
    sentence: 'You have no living conversation of that id; begin a new one, or ask the whole question.',
  },
  CONVERSATION_OFF: { status: 403, sentence: 'No conversation is kept here; ask whole questions.' },
  // translate
  TRANSLATE_QUESTION_INVALID: { status: 422, sentence: 'Ask one question in words, between 1 and 2000 characters.' },
  TRANSLATE_MODEL_UNAVAILABLE: { status: 503, sentence: 'The language model does not answer now; try again later.' },
  TRANSLATE_MODEL_UNUSABLE: {
    status: 503,
    sentence: 'The language model gave no usable answer; put the question differently.',
  },
  VERIFIED_INVALID: {
    status: 422,
    sentence: 'This cannot become a verified question; see the detail.',
  },
  VERIFIED_EXISTS: { status: 409, sentence: 'This question is a verified one already.' },
  VERIFIED_UNKNOWN: { status: 404, sentence: 'There is no such verified question.' },
  // seal: reading
  SEAL_NOT_SELECT: { status: 422, sentence: 'This would change data or settings; only a single SELECT can run here.' },
  SEAL_SEVERAL_STATEMENTS: { status: 422, sentence: 'Send one statement; this text holds more than one.' },
  SEAL_SYNTAX: { status: 422, sentence: 'The statement could not be read; check its syntax at the place given.' },
  SEAL_UNSUPPORTED: {
    status: 422,
    sentence: 'The statement uses a construct that is not open here; write it without.',
  },
  SEAL_TOO_LONG: { status: 422, sentence: 'The statement is too long; shorten it.' },
  SEAL_TOO_DEEP: { status: 422, sentence: 'The statement is nested too deeply or joins too much; simplify it.' },
  // seal: meaning
  SEAL_RELATION_UNKNOWN: {
    status: 403,
    sentence: 'The statement names a table that is not open to you or does not exist.',
  },
  SEAL_COLUMN_UNKNOWN: {
    status: 403,
    sentence: 'The statement names a column that is not open to you or does not exist.',
  },
  SEAL_COLUMN_AMBIGUOUS: { status: 422, sentence: 'A column name fits several tables of the statement; qualify it.' },
  SEAL_FUNCTION_UNKNOWN: { status: 403, sentence: 'The statement calls a function that is not open here.' },
  SEAL_FUNCTION_MISUSED: {
    status: 422,
    sentence: 'A function is called with arguments or in a place that it does not take.',
  },
  SEAL_GROUPING: {
    status: 422,
    sentence: 'A column is neither grouped nor aggregated; add it to GROUP BY or aggregate it.',
  },
  SEAL_SHAPE: { status: 422, sentence: 'Two parts of the statement do not fit each other; see the detail.' },
  SEAL_CLAIM_MISSING: {
    status: 403,
    sentence: 'Your account lacks a detail that the rules for these rows need; ask your administrator.',
  },
  SEAL_CLAIM_MALFORMED: {
    status: 403,
    sentence: 'A detail of your account does not fit the rules for these rows; ask your administrator.',
  },
  SEAL_SLOT_INVALID: {
    status: 422,
    sentence: 'A value in the question does not fit its place; put the question differently.',
  },
  SEAL_UNPROVEN: { status: 422, sentence: 'The statement could not be proven safe; write it more simply.' },
  SEAL_JUDGE_TIMEOUT: { status: 422, sentence: 'Checking the statement took too long; write it more simply.' },
  // execute
  EXECUTE_FAILED: { status: 422, sentence: 'The database could not compute this statement; check its expressions.' },
  EXECUTE_TIMEOUT: { status: 504, sentence: 'The statement took too long and was stopped; ask for less.' },
  EXECUTE_TOO_COSTLY: { status: 422, sentence: 'The statement would read too much; narrow it.' },
  EXECUTE_CANCELLED: { status: 499, sentence: 'The request was cancelled.' },
  EXECUTE_BUSY: { status: 503, sentence: 'Too many statements are running; try again shortly.' },
  SOURCE_UNAVAILABLE: { status: 503, sentence: 'The database cannot be reached now; try again later.' },
  SOURCE_NOT_READ_ONLY: {
    status: 503,
    sentence: 'The database account can do more than read; the operator must narrow its rights.',
  },
  SOURCE_FENCE_FAILED: {
    status: 503,
    sentence: 'The database failed the isolation self-test; filtered answers are off until it passes.',
  },
  CATALOG_NAMES_COLLIDE: {
    status: 503,
    sentence: 'The database has names that differ only in case or accents; the operator must rename them.',
  },
  EXPORT_TOO_LARGE: {
    status: 422,
    sentence: 'The export would be larger than it may be, so nothing of it is sent; narrow the question.',
  },
  EXPORT_NOT_ANSWERED: {
    status: 422,
    sentence: 'The question was not answered, so there is nothing to export; see the detail.',
  },
  EXPORT_RECEIPT_NOT_FOUND: {
    status: 404,
    sentence: 'There is no receipt of an export of yours with that request id, or none any more.',
  },
  // reports
  REPORT_UNKNOWN: { status: 404, sentence: 'There is no such report.' },
  REPORT_INVALID: { status: 422, sentence: 'The report cannot be saved like this; see the detail.' },
  REPORT_PARAMETER_INVALID: { status: 422, sentence: 'The report does not take these values; see the detail.' },
  REPORT_CHANGED: {
    status: 409,
    sentence: 'The report was changed since you read it; read it again and repeat your change.',
  },
  REPORT_TOO_MANY: { status: 409, sentence: 'You have as many reports as one account may have; remove one first.' },
  // audit
  AUDIT_UNAVAILABLE: {
    status: 503,
    sentence: 'The audit log cannot be written, so nothing is answered; try again later.',
  },
  AUDIT_NOT_INTACT: {
    status: 500,
    sentence: 'The audit log is not intact there, so nothing of it is removed; verify it first.',
  },
  AUDIT_ARCHIVE_FAILED: {
    status: 500,
    sentence: 'The archive of the audit log could not be made, so nothing was removed; see the detail.',
  },
  AUDIT_INPUT_INVALID: { status: 400, sentence: 'What was given to check is not what it should be; see the detail.' },
  // alerts and other calls to servers outside: seen by operators, never by callers
  OUTGOING_REFUSED: { status: 500, sentence: 'A call to a server outside was not made, as it may not go there.' },
  OUTGOING_FAILED: { status: 502, sentence: 'A server outside could not be reached, or took too long to answer.' },
  ALERT_CHANNEL_UNKNOWN: { status: 500, sentence: 'There is no channel of that name to send alerts to.' },
  ALERT_NOT_DELIVERED: { status: 500, sentence: 'The test alert was not taken everywhere; see the lines above.' },
  RECEIPT_UNREADABLE: {
    status: 400,
    sentence: 'The receipt, or what it is to be held against, cannot be read; see the detail.',
  },
  // policy, settings, store: seen by operators, never by callers
  POLICY_INVALID: { status: 500, sentence: 'The policy file has faults; mend those listed.' },
  GRANTS_REFUSED: { status: 500, sentence: 'The grants cannot be printed; see the detail.' },
  DEMO_TARGET_REFUSED: { status: 500, sentence: 'The demonstration cannot be made there; see the detail.' },
  EVAL_INPUT_INVALID: { status: 400, sentence: 'The evaluation cannot be run as it was asked for; see the detail.' },
  EVAL_DATABASE_MISSING: {
    status: 400,
    sentence: 'Databases that the questions are about are not there; see the detail.',
  },
  EVAL_JOURNAL_REFUSED: {
    status: 409,
    sentence: 'The journal is of another evaluation, or cannot be read; run without --resume to begin anew.',
  },
  SECRET_INVALID: { status: 400, sentence: 'The secret cannot be kept or is not there; see the detail.' },
  SETTINGS_INVALID: { status: 500, sentence: 'Settings are missing or wrong; mend those listed.' },
  STORE_UNAVAILABLE: { status: 503, sentence: 'The gateway’s own store cannot be reached now; try again later.' },
  BACKUP_FAILED: { status: 500, sentence: 'The backup could not be made; see the detail.' },
  BACKUP_UNREADABLE: { status: 500, sentence: 'The file is no backup that this version reads; see the detail.' },
  BACKUP_KEY_WRONG: { status: 500, sentence: 'The backup was made with another BACKUP_KEY; set that one.' },
  BACKUP_DAMAGED: { status: 500, sentence: 'The backup is damaged or was changed; take another one.' },
  RESTORE_REFUSED: { status: 500, sentence: 'Nothing was restored; see the detail.' },
  SHUTTING_DOWN: { status: 503, sentence: 'The gateway is stopping; try again shortly.' },
  INTERNAL: { status: 500, sentence: 'Something went wrong here; report the request id.' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

/** Key of {@link CATALOGUE}. */
export type ErrorCode = keyof typeof CATALOGUE;
