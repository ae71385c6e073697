/** One people's given and family names, in their own script. */
export interface NamePool {
  /** ISO 639-1 code of the language that such a customer writes in. */
  readonly language: string;
  /** Share of customers, beside the others. */
  readonly weight: number;
  readonly given: readonly string[];
  readonly family: readonly string[];
  /** How the two are put together. */
  readonly order: 'given-family' | 'family-given-joined';
}

/** The people of an East African trading house: most write Latin letters, some do not. */
export const NAME_POOLS: readonly NamePool[] = [
  {
    language: 'sw',
    weight: 46,
    given:
      'Amina Juma Neema Baraka Zawadi Hamisi Rehema Salim Asha Mwangi Wanjiru Otieno Akinyi Kamau Njeri Kiprono Chebet Mutua Mwende Imani Tumaini Furaha Subira Rashidi'.split(
        ' ',
      ),
    family:
      "Wanjiku Odhiambo Kariuki Mwakio Hassan Kimani Achieng Ochieng Mbugua Nyambura Koech Rotich Musyoka Mollel Ng'ang'a Nduta Shabani Mrisho Kilonzo Barasa Wekesa Ouma".split(
        ' ',
      ),
    order: 'given-family',
  },
  {
    language: 'en',
    weight: 20,
    given: 'Grace Daniel Esther Samuel Ruth Joseph Mercy Peter Brenda Isaac Doreen Moses'.split(' '),
    family: "Okello Nakato Mugisha Namubiru Byaruhanga Tumusiime O'Brien Ssempijja Atuhaire Kato".split(' '),
    order: 'given-family',
  },
  {
    language: 'fr',
    weight: 10,
    given: 'André Chloé François Hélène José Zoë Anaïs Noël Thérèse Désiré'.split(' '),
    family: 'Uwimana Nshimiyimana Müller Habimana Peña Dušek Mukamana Øster Niyonzima Björk'.split(' '),
    order: 'given-family',
  },
  {
    language: 'ar',
    weight: 7,
    given: ['فاطمة', 'أحمد', 'خديجة', 'يوسف', 'مريم', 'سالم', 'عائشة', 'عمر'],
    family: ['الزهراني', 'باعلوي', 'المزروعي', 'الحضرمي', 'النعماني', 'بن سعيد'],
    order: 'given-family',
  },
  {
    language: 'am',
    weight: 7,
    given: ['አበበ', 'ትዕግስት', 'ዮሐንስ', 'ሰላም', 'ዳዊት', 'ሄለን', 'ብርሃኑ', 'ማርታ'],
    family: ['በቀለ', 'ተስፋዬ', 'ገብረማርያም', 'ወልደሚካኤል', 'አሰፋ', 'ከበደ'],
    order: 'given-family',
  },
  {
    language: 'zh',
    weight: 4,
    given: ['伟', '芳', '秀英', '磊', '静', '建国'],
    family: ['王', '李', '张', '陈', '欧阳'],
    order: 'family-given-joined',
  },
  {
    language: 'hi',
    weight: 4,
    given: ['प्रिया', 'राहुल', 'अंजलि', 'विक्रम', 'मीरा', 'अर्जुन'],
    family: ['शर्मा', 'पटेल', 'गुप्ता', 'सिंह', 'शाह'],
    order: 'given-family',
  },
  {
    language: 'ru',
    weight: 2,
    given: ['Ольга', 'Дмитрий', 'Анна', 'Сергей'],
    family: ['Новак', 'Павленко', 'Соловей', 'Гончар'],
    order: 'given-family',
  },
];

/** What a business is called after a person's family name. */
export const BUSINESS_SUFFIXES = [
  'Traders',
  '& Sons',
  'Wholesalers',
  'Supermarket',
  'Duka',
  'Enterprises Ltd',
  'Café',
  'Hoteli',
];

/** A branch: where it is, and the days between its opening and the first day of the demonstration's history. */
export interface BranchPlace {
  readonly name: string;
  readonly city: string;
  readonly country: string;
  /** Dialling prefix of mobile numbers there. */
  readonly prefix: string;
  readonly weight: number;
}

export const BRANCHES: readonly BranchPlace[] = [
  { name: 'Nairobi Central', city: 'Nairobi', country: 'Kenya', prefix: '+2547', weight: 28 },
  { name: 'Mombasa Old Town', city: 'Mombasa', country: 'Kenya', prefix: '+2547', weight: 15 },
  { name: 'Kampala Road', city: 'Kampala', country: 'Uganda', prefix: '+2567', weight: 14 },
  { name: 'Kariakoo', city: 'Dar es Salaam', country: 'Tanzania', prefix: '+2557', weight: 12 },
  { name: 'Addis Merkato', city: 'Addis Ababa', country: 'Ethiopia', prefix: '+2519', weight: 10 },
  { name: 'Kigali Heights', city: 'Kigali', country: 'Rwanda', prefix: '+2507', weight: 7 },
  { name: 'Kisumu Lakeside', city: 'Kisumu', country: 'Kenya', prefix: '+2547', weight: 6 },
  { name: 'Stone Town', city: 'Zanzibar', country: 'Tanzania', prefix: '+2557', weight: 4 },
  { name: 'Eldoret', city: 'Eldoret', country: 'Kenya', prefix: '+2547', weight: 3 },
  { name: 'Arusha', city: 'Arusha', country: 'Tanzania', prefix: '+2557', weight: 2 },
];

/** Job titles, how many of ten hold them, and the usual monthly pay in whole shillings. */
export const JOBS: readonly { readonly title: string; readonly weight: number; readonly pay: number }[] = [
  { title: 'Sales clerk', weight: 40, pay: 46_000 },
  { title: 'Cashier', weight: 20, pay: 42_000 },
  { title: 'Stock keeper', weight: 16, pay: 44_000 },
  { title: 'Driver', weight: 12, pay: 38_000 },
  { title: 'Support agent', weight: 8, pay: 52_000 },
  { title: 'Accountant', weight: 4, pay: 98_000 },
];
