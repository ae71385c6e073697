import type { DateUnit } from '../dates.js';
import type { AggregateName, Comparison } from './operators.js';

/** What a word or phrase of plain English does in a question, apart from naming something. */
export type Role =
  | { readonly role: 'noise' }
  | { readonly role: 'count' }
  /** `extreme`: may also pick the row with the highest or lowest value. */
  | { readonly role: 'aggregate'; readonly name: AggregateName; readonly extreme: 'highest' | 'lowest' | null }
  | { readonly role: 'distinct' }
  | { readonly role: 'list' }
  | { readonly role: 'of'; readonly place: boolean }
  | { readonly role: 'and' }
  | { readonly role: 'or' }
  | { readonly role: 'is' }
  | { readonly role: 'not' }
  | { readonly role: 'with' }
  | { readonly role: 'without' }
  | { readonly role: 'each' }
  | { readonly role: 'by' }
  | { readonly role: 'order' }
  | { readonly role: 'direction'; readonly descending: boolean }
  | { readonly role: 'compare'; readonly operator: Comparison }
  /** "3 or more": behind its number. */
  | { readonly role: 'or-more'; readonly operator: Comparison }
  | { readonly role: 'between' }
  | { readonly role: 'match'; readonly before: boolean; readonly after: boolean }
  | { readonly role: 'named' }
  | { readonly role: 'top' }
  | { readonly role: 'most'; readonly descending: boolean }
  /** "older than", "most expensive": the columns that it may be about, by name. */
  | { readonly role: 'comparative'; readonly columns: readonly string[]; readonly operator: Comparison }
  | { readonly role: 'superlative'; readonly columns: readonly string[] | 'date'; readonly descending: boolean }
  /** "most common", "least popular": by how often a value occurs. */
  | { readonly role: 'common'; readonly descending: boolean }
  /** A word that can stand for F or M, female or male, however the data spell it. */
  | { readonly role: 'gender'; readonly initial: 'f' | 'm' }
  | { readonly role: 'periodic'; readonly unit: DateUnit }
  | { readonly role: 'time'; readonly unit: DateUnit }
  | { readonly role: 'own' }
  /** What happened: says which date is meant, never which rows. */
  | { readonly role: 'verb' }
  | { readonly role: 'write' };

const table = new Map<string, Role>();
function say(role: Role, phrases: string): void {
  for (const phrase of phrases.split('|')) table.set(phrase.trim(), role);
}

say(
  { role: 'noise' },
  'the|a|an|all|there|do|does|did|please|me|you|been|be|to|any|some|we|our|us|its|their|his|her|can|could|would|in total|altogether|so|i want|i want to know|i would like|i would like to know|available in the database|in the database|in the system|exist|exists|on record|records of|record of|details of|information about|value of|values of|amount of|list of|information|info|all information|the information|current|overall|corresponding|respective|respectively|these|those|them|they|it|also|then|only|just|as well as their|both|given|his or her|her or his|in the record|in our record|in the records|in record|in our records|in our database|for us|listed in the database|if any|for me|respectively in total',
);
say(
  { role: 'count' },
  'how many|number of|the number of|total number of|the total number of|count of|count|count the number of|count the|how many of|count the total number of|count the number of all|find the number of|what is the number of|how many different types of',
);
say(
  { role: 'aggregate', name: 'SUM', extreme: null },
  'total|sum of|sum|the sum of|total sum of|total of|combined|total amount of|total value of|how much|aggregate',
);
say(
  { role: 'aggregate', name: 'AVG', extreme: null },
  'average|mean|avg|average of|mean of|average value of|on average',
);
say(
  { role: 'aggregate', name: 'MAX', extreme: 'highest' },
  'highest|maximum|max|largest|greatest|biggest|maximum of|top most|maximal',
);
say({ role: 'aggregate', name: 'MIN', extreme: 'lowest' }, 'lowest|minimum|min|smallest|minimum of|minimal');
say({ role: 'distinct' }, 'distinct|different|unique|distinctive');
say(
  { role: 'list' },
  'list|show|give|find|what|which|return|display|get|tell|who|compute|calculate|list out|show me|give me|tell me|find out|what are|what is|which are|who are|who is|whats|return me|search for|look up|see|report|print|fetch|output|select|retrieve|describe',
);
say(
  { role: 'of', place: false },
  'of|for|among|across|within|over all|about|that belong to|belonging to|associated with|regarding|concerning|in charge of|who are in charge of|that are in charge of|who is in charge of|that is in charge of',
);
say(
  { role: 'of', place: true },
  'in|from|at|on|located in|based in|living in|that live in|who live in|who live at|that are in|who are in|that are located in|who are from|that are from|living at|situated in|residing in|headquartered in',
);
say({ role: 'and' }, 'and|as well as|along with|together with|plus|and also|and their|and its');
say({ role: 'or' }, 'or|either|or else');
say({ role: 'is' }, 'is|are|was|were|equal|equals|equal to|is equal to|as|being');
say(
  { role: 'not' },
  "not|never|isn't|aren't|don't|doesn't|didn't|haven't|hasn't|do not|does not|did not|have not|has not|have never|has never|was never|were never|never been|not been|have not been|has not been|have never been|has never been|haven't been|hasn't been|wasn't|weren't|is not|are not|was not|were not|other than|does not equal|not equal to|do not equal|is different from|excluding|except",
);
say(
  { role: 'with' },
  'with|having|whose|where|has|have|had|who have|that have|who has|that has|which have|which has|who had|that had|who|that|which have had|that are|who are|which are|and whose|when|with a|with an|with the|where the|that is|which is|who is|whose the|for which there are|in which there are|where there are|for which|in which|from which|on which|at which|to which|by which|of which',
);
say(
  { role: 'without' },
  'without|with no|who have no|that have no|which have no|have no|has no|without any|who do not have|that do not have|which do not have|do not have|does not have|who do not have any|that do not have any|which do not have any|do not have any|who have not placed any|who have never placed|who have never placed any|that have never been in|who never placed|who never placed any',
);
say(
  { role: 'each' },
  'each|per|every|for each|for every|in each|of each|by each|from each|at each|on each|grouped by|group by|broken down by|split by|grouped by each|for each of|in every|with each|across each|of every|in each of the|in each of|for each of the|of each of the|for different|for each different|for every different|of different|in different|by different|for all the different|in that|for that',
);
say({ role: 'by' }, 'by');
say(
  { role: 'order' },
  'ordered by|sorted by|order by|sort by|order them by|sort them by|in order of|in the order of|ordered by their|sorted by their|ranked by|ordered|sorted|listed by|arranged by|order the result by|sort the result by|sort the results by|order the results by|sort the list by|sort the list in|order the list in|order the list by|sort them|order them|order the results in|sort the results in|sort results by|listed in the order of|listed in|arranged in|ordered in|sorted in|sort them in|and sort them by|and order them by|sort|order|listed',
);
say(
  { role: 'direction', descending: false },
  'ascending|in ascending|ascending order|in ascending order|in ascending order of|ascending order of|in increasing order|in increasing order of|increasing order|alphabetically|alphabetical order|ascending alphabetical order|ascending lexicographical order|in alphabetical order|in alphabetical order of|in alphabetic order|in the ascending order|in the ascending order of|from lowest to highest|from least to greatest|from fewest to most|from least to most|from youngest to oldest|from smallest to largest|from shortest to longest|from earliest to latest|from oldest to newest|from a to z|from low to high|asc|in ascending alphabetical order|ascending alphabetical order|lexicographically|in lexicographical order|in ascending lexicographical order|alphabetically by|in ascending order by|by ascending|in lexicographic order',
);
say(
  { role: 'direction', descending: true },
  'descending|in descending|descending order|in descending order|in descending order of|descending order of|in decreasing order|in decreasing order of|decreasing order|from highest to lowest|from greatest to least|from most to least|from most to fewest|from oldest to youngest|from largest to smallest|from longest to shortest|from latest to earliest|from newest to oldest|from z to a|from high to low|desc|in reverse order|in the descending order|in the descending order of|reverse alphabetical order|descending alphabetical order|reversed alphabetical order|in reversed alphabetical order|descending lexicographical order|in reverse alphabetical order|in descending order by|by descending|in descending alphabetical order',
);
say(
  { role: 'compare', operator: '>' },
  'more than|greater than|over|above|higher than|larger than|bigger than|exceeding|exceeds|that exceed|exceed|is over|is above',
);
say(
  { role: 'compare', operator: '<' },
  'less than|under|below|fewer than|lower than|smaller than|is under|is below|not as many as|beneath',
);
say(
  { role: 'compare', operator: '>=' },
  'at least|no less than|no fewer than|not less than|a minimum of|minimum of at least|greater than or equal to|more than or equal to|larger than or equal to|higher than or equal to',
);
say(
  { role: 'compare', operator: '<=' },
  'at most|no more than|not more than|up to|a maximum of|less than or equal to|fewer than or equal to',
);
say({ role: 'or-more', operator: '>=' }, 'or more|or above|or higher|or greater|and above|and more|or over');
say({ role: 'or-more', operator: '<=' }, 'or less|or fewer|or lower|or below|and below|or under');
say({ role: 'compare', operator: '=' }, 'exactly|precisely');
say({ role: 'between' }, 'between|ranging from|in the range of|in between|in the range between');
say(
  { role: 'match', before: true, after: true },
  'containing|contains|contain|that contains|that contain|which contain|which contains|including the word|containing the word|containing the letter|containing the letters|contain the letter|contains the letter|contain the letters|that have the letter|that has the letter|have the letter|has the letter|with the letter|containing the string|contain the string|contains the string|containing letter|contains letter|contain letter|include the letter|includes the letter|contains the word|contain the word|contain the substring|contains the substring|containing the substring|contains substring|contain substring|has the substring|with the substring|includes the word|include the word|including the substring|has substring|that has the substring|that have the substring|have the substring',
);
for (const verb of [
  'contain',
  'contains',
  'containing',
  'include',
  'includes',
  'including',
  'have',
  'has',
  'having',
  'with',
])
  for (const which of ['', 'that ', 'which '])
    for (const the of ['', 'the '])
      for (const what of ['word', 'words', 'letter', 'letters', 'string', 'substring', 'phrase'])
        say({ role: 'match', before: true, after: true }, `${which}${verb} ${the}${what}`);
say(
  { role: 'match', before: false, after: true },
  'starting with|starts with|start with|beginning with|begins with|begin with|that start with|that starts with|that begin with|that begins with|starting with letter|starting with the letter|starts with letter|starts with the letter|start with the letter|begins with the letter|begin with the letter|beginning with the letter|start with letter',
);
say(
  { role: 'match', before: true, after: false },
  'ending with|ends with|end with|ending in|ends in|that end with|that ends with|ends with the letter|end with the letter|ending with the letter',
);
say(
  { role: 'named' },
  'named|called|with name|whose name is|with the name|by the name of|who is called|which is called|that is called|titled|with the title|that are named|that is named|who is named|which is named|entitled',
);
say({ role: 'top' }, 'top|best');
say(
  { role: 'most', descending: true },
  'most|the most|most number of|the most number of|the greatest number of|greatest number of|the largest number of|largest number of|the highest number of|highest number of|maximum number of|the maximum number of|biggest number of|highest total number of|most frequently',
);
say(
  { role: 'most', descending: false },
  'fewest|least|the fewest|the least|the least number of|least number of|fewest number of|the fewest number of|the smallest number of|smallest number of|lowest number of|the lowest number of|minimum number of|the minimum number of',
);
for (const the of ['', 'the ']) {
  for (const often of [
    'common',
    'popular',
    'frequent',
    'frequently used',
    'commonly used',
    'used',
    'widely used',
    'prevalent',
    'often',
    'times',
  ]) {
    say(
      { role: 'common', descending: true },
      `${the}most ${often}|${the}most ${often} type of|${the}most ${often} types of`,
    );
    say({ role: 'common', descending: false }, `${the}least ${often}|${the}least ${often} type of`);
  }
}
say({ role: 'gender', initial: 'f' }, 'female|females|women');
say({ role: 'gender', initial: 'm' }, 'male|males|men');
say({ role: 'own' }, 'i|my|mine|i have|have i|my own');
say(
  { role: 'verb' },
  'placed|place|made|make|bought|buy|sold|sell|purchased|ordered|recorded|paid for|registered|issued|created|shipped|delivered|paid|opened|closed|hired|born|joined|signed up|signed|started|ended|received|got|get paid|published|released|founded|built|established|due|updated|spend|spent|pay|taken|took|happened|occurred|took place|submitted|filed|raised|resolved|work|works|working|worked|live|lives|come|comes|came',
);
// What says no more than that one thing belongs to another: the join says it.
say(
  { role: 'verb' },
  'used|use|uses|using|assigned|assigned to|produced|produce|produces|located|reported|involved|involved in|enrolled|enrolled in|enroll|offered|offer|offers|affected|affected by|participated|participated in|participate|participate in|participates|participating|participating in|playing|played|play|plays|visited|visit|visits|hosted|host|hosts|hosting|teaching|taught|teach|teaches|attended|attend|attends|served|serve|serves|provided|provide|provides|performed|perform|managed|manage|manages|owned|own|owns|belong|belongs|belong to|belongs to|associated|include|included|wrote|write|writes|written by|took|taken|make|makes|received|receive|receives|published|publish|publishes|published by|released|release|release|climbed|climb|climbs|sing|sings|sang|sung|hired|hire|hires|built|build|builds|drive|drives|drove|driven|won by|study|studies|studied|learn|learns|learned|join|joins|joined|recorded by|employed|employ|employs|run|runs|supported|contact|contacted|contacts|gave|given by|gives|filed|file|files|made|did|finished|studying|working on|working for|work for|works for|work in|works in|work on|written|directed|acted|starred|supplied|handled|reserved|booked|rented|recorded|earn|earns|earned|hold|holds|held|operate|operates|operated|reviewed|rated|appear|appeared|appears|ever|contained|attached to|linked to|related to|correspond to|corresponds to|corresponding to|accessed|traveled|advised|advise|advises|led|lead|leads|run by|owned by|managed by|used by|made by|produced by|taught by|offered by|hosted by|directed by|provided by|played by|handled by|reported by|assigned by|placed by|ordered by the customer|got|get|take|takes|taking|lasted|exist in|supervised|supervise|supervises|shared|conferred|prescribed|require|requires|stayed|charged|ran|go|goes|went|grew|grown|covers|covered|cover|sent|send|sends|teach in|listen to|flew|flying|fly|flies|rents|rent|renting|owe|owes|opened in the',
);
say(
  { role: 'write' },
  'delete|update|insert|drop|remove|change|modify|alter|truncate|erase|set|edit|add|cancel|rename|grant|revoke',
);
for (const unit of ['day', 'week', 'month', 'quarter', 'year'] as const) {
  say({ role: 'time', unit }, `${unit}|${unit}s`);
  say(
    { role: 'periodic', unit },
    {
      day: 'daily|day by day',
      week: 'weekly|week by week',
      month: 'monthly|month by month',
      quarter: 'quarterly',
      year: 'yearly|annual|annually|year by year',
    }[unit],
  );
}
for (const [columns, comparatives, lessers, most, least] of [
  ['age', 'older than', 'younger than', 'oldest|eldest', 'youngest'],
  [
    'price|unitprice|cost',
    'more expensive than|costing more than|that cost more than|priced above|priced over',
    'cheaper than|costing less than|that cost less than|priced below|priced under',
    'most expensive|priciest|costliest',
    'cheapest|least expensive',
  ],
  ['height', 'taller than', '', 'tallest', ''],
  ['weight', 'heavier than', 'lighter than', 'heaviest', 'lightest'],
  ['length|duration', 'longer than', '', 'longest', ''],
  ['height|length|duration', '', 'shorter than', '', 'shortest'],
  ['elevation|height|altitude', '', '', 'highest elevated', ''],
  ['population', 'more populous than', '', 'most populous|most populated', 'least populous|least populated'],
] as const) {
  const names = columns.split('|');
  if (comparatives) say({ role: 'comparative', columns: names, operator: '>' }, comparatives);
  if (lessers) say({ role: 'comparative', columns: names, operator: '<' }, lessers);
  if (most) say({ role: 'superlative', columns: names, descending: true }, most);
  if (least) say({ role: 'superlative', columns: names, descending: false }, least);
}
say(
  { role: 'superlative', columns: ['salary', 'wage', 'pay'], descending: true },
  'highest paid|best paid|highest earning',
);
say({ role: 'superlative', columns: ['salary', 'wage', 'pay'], descending: false }, 'lowest paid|worst paid');
say({ role: 'superlative', columns: 'date', descending: true }, 'latest|most recent|newest|most recently|last');
say({ role: 'superlative', columns: 'date', descending: false }, 'earliest|oldest recorded');

/** Phrases by their folded words joined by one blank. */
export const ROLES: ReadonlyMap<string, Role> = table;

/** Longest phrase of {@link ROLES}, in words. */
export const LONGEST_ROLE = Math.max(...[...table.keys()].map((phrase) => phrase.split(' ').length));
