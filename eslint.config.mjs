import parser from '@typescript-eslint/parser';
import security from 'eslint-plugin-security';

// Security rules alone; biome sees to everything else. Where a rule does not hold, EXCEPTIONS says so, with the reason; a
// single line may also say `eslint-disable-next-line RULE -- why`. test/unit/security-lint.test.ts plants each fault and
// sees it found, and sees that no exception is idle.

const SQL_WORD = '(SELECT|INSERT|UPDATE|DELETE|REPLACE|ALTER|DROP|CREATE|GRANT|WITH|KILL|SET|EXPLAIN|SHOW|PRAGMA)';
const SECRET_WORD = '/(secret|password|passwordHash|signature|hmac|digest)$/';

/** Rules of our own, by name: patterns over the syntax tree, and what is wrong with what fits one. */
export const OWN_RULES = {
  'text-as-code': [
    [
      ':matches(CallExpression, NewExpression)[callee.name=/^(eval|Function)$/]',
      'CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/] > :matches(Literal, TemplateLiteral):first-child',
      'ImportDeclaration[source.value=/^(node:)?vm$/]',
      'ImportExpression[source.value=/^(node:)?vm$/]',
    ],
    'Text must not become code.',
  ],
  shell: [
    [
      'ImportDeclaration[source.value=/^(node:)?child_process$/] ImportSpecifier[imported.name=/^(exec|execSync)$/]',
      'MemberExpression[object.name=/^(child_process|childProcess)$/][property.name=/^(exec|execSync)$/]',
      'CallExpression[callee.name=/^(spawn|spawnSync|execFile|execFileSync|fork)$/] Property[key.name="shell"]:not([value.value=false])',
    ],
    'A shell reads arguments as commands; fork or execFile with its arguments apart.',
  ],
  random: [['MemberExpression[object.name="Math"][property.name="random"]'], 'It can be foretold; use node:crypto.'],
  environment: [
    [
      'MemberExpression[object.name="process"][property.name="env"]',
      'MemberExpression[object.name="process"][property.value="env"]',
      'ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name="env"]',
    ],
    'Only main.ts reads the environment; settings are handed on.',
  ],
  'secret-compare': [
    // What is compared with a literal, null or undefined is looked at for being there, not for what it is.
    ['left.name', 'left.property.name', 'right.name', 'right.property.name'].map(
      (name) =>
        `BinaryExpression[operator=/^(===?|!==?)$/][left.type!="Literal"][right.type!="Literal"]:not([right.name=/^undefined$/])[${name}=${SECRET_WORD}]`,
    ),
    'Compare secrets with timingSafeEqual: === tells by its time how far they agree.',
  ],
  'written-sql': [
    [
      `TemplateLiteral[expressions.length>0]:not(TaggedTemplateExpression > TemplateLiteral):has(> TemplateElement:first-child[value.raw=/^\\s*${SQL_WORD}\\s/])`,
      `BinaryExpression[operator="+"][right.type!="Literal"] > Literal.left[value=/^\\s*${SQL_WORD}\\s/]`,
      'CallExpression[callee.object.name="sql"][callee.property.name=/^(raw|lit|literal)$/]',
    ],
    'SQL is printed from a tree, or bound by kysely; only printers put text together.',
  ],
  'tls-off': [
    ['Property[key.name="rejectUnauthorized"][value.value=false]', 'Property[key.value="rejectUnauthorized"][value.value=false]'],
    'Whoever has no certificate must not be spoken to.',
  ],
  'weak-hash': [
    ['CallExpression:matches([callee.name=/^create(Hash|Hmac)$/], [callee.property.name=/^create(Hash|Hmac)$/]) > Literal[value=/^(md5|sha1)$/i]'],
    'md5 and sha1 are broken.',
  ],
  'text-as-html': [
    [
      'AssignmentExpression > MemberExpression.left[property.name=/^(innerHTML|outerHTML)$/]',
      'CallExpression[callee.property.name=/^(insertAdjacentHTML|setHTMLUnsafe)$/]',
      'CallExpression[callee.object.name="document"][callee.property.name=/^write(ln)?$/]',
    ],
    'Text must not become HTML; use textContent.',
  ],
  'nested-repetition': [
    // An unbounded repetition of what is itself unbounded: `(a+)+`. A separator before or behind makes it harmless.
    ['Literal[regex.pattern=/\\((?:[^()\\\\]|\\\\.)*[+*](?:[^()\\\\]|\\\\.)*\\)[+*]/]'],
    'A text of a certain form may hold it for ever.',
  ],
};

/** Rules of the plugin that are off everywhere. */
const OFF = {
  'detect-object-injection':
    'fires at every a[b]; noUncheckedIndexedAccess, Map, and Object.hasOwn where a name comes from outside stand for it',
  'detect-non-literal-fs-filename': 'files are named by settings and by the code; no request names a path',
  'detect-unsafe-regex': 'takes each optional group for a repetition; nested-repetition looks for what is meant',
  'detect-possible-timing-attacks': 'fires at `token === null`; secret-compare looks at what is compared, and at more names',
};

/** Where a rule does not hold, and why. */
export const EXCEPTIONS = [
  { files: ['src/main.ts'], rules: ['environment'], why: 'it is the one reader' },
  {
    files: ['src/sql/**', 'src/source/**', 'src/store/migrations.ts', 'src/store/migrations/**', 'src/catalog/read-server-catalog.ts'],
    rules: ['written-sql'],
    why: 'printers, migrations, and what asks engines about themselves: names are quoted there, values bound',
  },
  {
    files: ['src/demo/**', 'src/prove/**'],
    rules: ['written-sql', 'random'],
    why: 'they write statements and data of their own, to make a business or to attack the seal',
  },
  {
    files: ['src/translate/offline/write-sql.ts', 'src/shared-values.ts'],
    rules: ['written-sql'],
    why: 'what they write is a candidate: the seal reads it and prints its own, as it does with any text',
  },
  { files: ['src/policy/excess-reads.ts', 'src/seal/walk-tables.ts'], rules: ['written-sql'], why: 'words for people; nothing runs them' },
  { files: ['src/policy/print-grants.ts', 'src/store/print-store-grants.ts'], rules: ['written-sql'], why: 'it prints statements for the operator to run, with every name quoted' },
  {
    files: ['src/identify/passwords.ts', 'src/identify/forgot-password.ts', 'src/identify/send-password-reset.ts'],
    rules: ['secret-compare'],
    why: 'NO_PASSWORD is a public mark for there being none',
  },
  {
    files: ['src/identify/sign-in-attempts.ts'],
    rules: ['secret-compare'],
    why: 'keyed digests that stand for accounts and addresses; both sides are the gateway’s own, and no caller sends one',
  },
  { files: ['src/audit/ed25519.ts'], rules: ['secret-compare'], why: 'a signature is public; its spelling is compared with what it decodes to' },
  {
    files: ['src/audit/archive-records.ts', 'src/audit/judge-archives.ts'],
    rules: ['secret-compare'],
    why: 'digests and signatures of archives are public; they are compared to find a change, and no caller sends one',
  },
  { files: ['src/console/mailed-links.js'], rules: ['secret-compare'], why: 'two fields of one form, in the browser of who typed both' },
  {
    files: ['src/domain/mail.ts', 'src/identify/sso/saml-text.ts', 'src/store/migrations.ts'],
    rules: ['security/detect-non-literal-regexp'],
    why: 'put together from constants of the same file',
  },
  {
    files: ['src/source/grants.ts'],
    rules: ['security/detect-non-literal-regexp', 'written-sql'],
    why: 'every character that means something is escaped first; what it writes asks the server for grants by names that the server gave',
  },
  {
    files: ['src/answer/sentence.ts', 'src/sql/lex-number.ts', 'src/translate/words.ts'],
    rules: ['nested-repetition'],
    why: 'each repetition begins with a mark of its own (a space, `_`, a comma), so a text fits in one way only',
  },
  { files: ['src/seal/read-node-sql-parser.ts'], rules: ['security/detect-non-literal-require'], why: 'one of two builds, by a dialect of a closed list' },
];

/** @param lifted names of {@link OWN_RULES} that do not hold */
function ownRules(lifted) {
  const held = Object.entries(OWN_RULES).filter(([name]) => !lifted.has(name));
  const patterns = held.flatMap(([name, [selectors, message]]) =>
    selectors.map((selector) => ({ selector, message: `${name}: ${message}` })),
  );
  return { 'no-restricted-syntax': ['error', ...patterns] };
}

const PLUGIN = Object.fromEntries(
  Object.keys(security.rules).map((name) => [`security/${name}`, Object.hasOwn(OFF, name) ? 'off' : 'error']),
);

/** A later block of ESLint's replaces an earlier one's patterns, so each says all that is lifted for its files. */
function exceptionsOf(exceptions) {
  return exceptions.flatMap(({ files, rules }) =>
    files.map((file) => {
      const here = exceptions.filter((each) => each.files.includes(file)).flatMap((each) => each.rules);
      const off = rules.filter((rule) => rule.startsWith('security/')).map((rule) => [rule, 'off']);
      return { files: [file], rules: { ...ownRules(new Set(here)), ...Object.fromEntries(off) } };
    }),
  );
}

/** @param exceptions fewer in the test that looks for idle ones */
export const makeConfig = (exceptions = EXCEPTIONS) => [
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['src/**/*.{ts,js}', 'fixtures/security-lint/**/*.ts'],
    languageOptions: { parser, ecmaVersion: 2024, sourceType: 'module' },
    plugins: { security },
    rules: { ...PLUGIN, ...ownRules(new Set()) },
  },
  ...exceptionsOf(exceptions),
];

export default makeConfig();
