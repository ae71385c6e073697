/**
 * The closed tables of what people say in several ways. A word that stands in none of them means itself, so that what is
 * not understood keeps two questions apart. What carries meaning (not, before, more than, average, per) is never dropped.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Say nothing by themselves: articles, auxiliaries, relative and third persons' pronouns. */
export const EMPTY_WORDS = words(
  'the a an do does did is are was were be am which that who whom what those there please exist exists it its their them they',
);

/** Forms of "to be", which say who did and who had it done to them where a participle follows. */
export const BE = words('is are was were be been am being');

/** Begin a question that is answered by yes or no. */
export const AUXILIARIES = words('is are was were do does did have has had am will can could should would');

/** Only within a time or after a noun that takes them do these say nothing. */
export const TIME_PREPOSITIONS = words('in on at during for of within');

/** What stands before a value and says how it counts. */
export const VALUE_PREPOSITIONS = words(
  'in on at during for of within by before after since until through from to with',
);

/** Before one of these, one and several are not the same: "my last order", "my last orders". */
export const COUNT_SENSITIVE = words('last first latest MAX MIN largest smallest oldest earliest most least top next');

/** Compute one figure of many, or choose among many: with one of these "of each" and "of all" are not the same. */
export const COMPUTING = words(
  'COUNT MUCH SUM AVG MAX MIN most least more less fewest top largest smallest latest oldest earliest longest shortest often times',
);

/** Bind nouns to what they are computed from or compared with; no compound noun reaches over them. */
export const OPERATORS = words(
  'COUNT MUCH SUM AVG MAX MIN DISTINCT PER GT LT GE LE SORT NOT and or not no never without with by before after since until from to than between in on at for during within except but more less most least all any only both either neither where when why how whose if whether as rel be have top',
);

/** How a request may begin, before what is asked for. Longest first within a first word. */
export const POLITE: readonly (readonly string[])[] = [
  'please',
  'can you',
  'could you',
  'would you',
  'will you',
  'can i see',
  'can i know',
  'could i see',
  'may i see',
  'may i know',
  'i want to see',
  'i want to know',
  'i would like to see',
  'i would like to know',
  'i need to see',
  'i need to know',
  'let me see',
  'let me know',
  'do you know',
].map((text) => text.split(' '));

/** What asks for an answer without saying which. */
export const IMPERATIVES: readonly (readonly string[])[] = [
  'show me',
  'show us',
  'show',
  'give me',
  'give us',
  'give',
  'tell me',
  'tell us',
  'list',
  'display',
  'find out',
  'find',
  'get me',
  'get',
  'fetch',
  'return',
  'print',
  'retrieve',
].map((text) => text.split(' '));

/** Verbs that are nouns too ask for something only where one of these follows. */
export const AFTER_IMPERATIVE = words('the a all me my our each every how which what names');

/** Ways to say the same in several words; the longest stands first. */
export const PHRASES: readonly { readonly said: readonly string[]; readonly means: readonly string[] }[] = (
  [
    ['no more than', 'LE'],
    ['not more than', 'LE'],
    ['no less than', 'GE'],
    ['no fewer than', 'GE'],
    ['not less than', 'GE'],
    ['at least', 'GE'],
    ['at most', 'LE'],
    ['up to', 'LE'],
    ['more than', 'GT'],
    ['greater than', 'GT'],
    ['higher than', 'GT'],
    ['larger than', 'GT'],
    ['bigger than', 'GT'],
    ['less than', 'LT'],
    ['fewer than', 'LT'],
    ['lower than', 'LT'],
    ['smaller than', 'LT'],
    ['how much money', 'MUCH'],
    ['how much', 'MUCH'],
    ['as well as', 'and'],
    ['along with', 'and'],
    ['together with', 'and'],
    ['most recent', 'latest'],
    ['in ascending order of', 'SORT asc'],
    ['in ascending order by', 'SORT asc'],
    ['in descending order of', 'SORT desc'],
    ['in descending order by', 'SORT desc'],
    ['in order of', 'SORT'],
    ['sorted by', 'SORT'],
    ['for each', 'PER'],
    ['for every', 'PER'],
    ['in each', 'PER'],
    ['of each', 'PER'],
    ['with no', 'without'],
    ['do we have', ''],
    ['do i have', 'ME'],
    ['did i have', 'ME'],
    ['have i got', 'ME'],
    ['by me', 'ME'],
    ['of mine', 'ME'],
    ['belonging to me', 'ME'],
    ['in total', 'TOTALLY'],
    ['altogether', 'TOTALLY'],
  ] as const
).map(([said, means]) => ({ said: said.split(' '), means: means === '' ? [] : means.split(' ') }));

/** Single words that mean the same. */
export const SAME: ReadonlyMap<string, string> = new Map(
  Object.entries({
    SUM: 'total sum',
    AVG: 'average avg mean averaged',
    MAX: 'maximum max highest greatest',
    MIN: 'minimum min lowest',
    DISTINCT: 'different distinct unique',
    PER: 'per each every',
    largest: 'biggest',
    latest: 'newest',
    until: 'till',
    NOT: 'not dont doesnt didnt isnt arent wasnt werent havent hasnt cannot cant wont',
    ME: 'i my mine myself',
    WE: 'we our ours ourselves',
    with: 'have has having had',
  }).flatMap(([means, said]) => said.split(' ').map((word): [string, string] => [word, means])),
);

/** Verbs by their base, with the forms that mean the same. Forms that are as often nouns (shipping, rating) are left out. */
export const VERB_FORMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    buy: 'bought buying purchased purchasing',
    pay: 'paid paying',
    sell: 'sold selling',
    spend: 'spent',
    owe: 'owed owing',
    order: 'ordered ordering',
    ship: 'shipped',
    deliver: 'delivered delivering',
    cancel: 'cancelled canceled cancelling canceling',
    return: 'returned returning',
    refund: 'refunded',
    create: 'created creating',
    issue: 'issued issuing',
    register: 'registered registering',
    join: 'joined joining',
    live: 'lived living',
    work: 'worked working',
    hire: 'hired hiring',
    earn: 'earned earning',
    receive: 'received receiving',
    send: 'sent sending',
    visit: 'visited visiting',
    open: 'opened',
    close: 'closed',
    contain: 'contained containing',
    include: 'included including',
    start: 'started',
    begin: 'began begun beginning',
    finish: 'finished finishing',
    use: 'used using',
    own: 'owned owning',
    write: 'wrote written',
    take: 'took taken taking',
    win: 'won winning',
    go: 'went gone going',
    place: 'placed placing',
    make: 'made making',
    submit: 'submitted submitting',
  }).flatMap(([base, forms]) => forms.split(' ').map((form): [string, string] => [form, base])),
);

/** What orders are: for these alone "placed", "made" and "submitted" are the same. */
export const PLACED_NOUNS = words('order purchase booking reservation request');
export const PLACING = words('place make submit');

/** Before a base form, tell that it is a verb. */
export const SUBJECTS = words('i we you they he she to');

/** Everyday words for common names of relations, where no visible name is called so and the other one is. */
export const EVERYDAY: ReadonlyMap<string, string> = new Map([
  ['client', 'customer'],
  ['buyer', 'customer'],
  ['purchase', 'order'],
  ['worker', 'employee'],
  ['bill', 'invoice'],
]);
