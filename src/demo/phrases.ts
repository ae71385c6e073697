/** What customers write on orders, in the languages they write; also used where the language has none of its own. */
export const CUSTOMER_NOTES: Readonly<Record<string, readonly string[]>> = {
  en: [
    'Please ring the bell twice.',
    'Leave it with the guard.',
    "It's a gift: no price on the box 🎁",
    'Call before delivery.',
  ],
  sw: [
    'Tafadhali pigeni simu kabla ya kufika.',
    'Asante sana! 🙏',
    'Leteni asubuhi, saa tatu.',
    'Mlango wa kijani, karibu na duka la Mama Njeri.',
  ],
  fr: ['Livrer après 17 h, s’il vous plaît.', 'Sonnez à côté : « Café Noël ».', 'Merci ! ☕'],
  ar: ['يرجى الاتصال قبل التسليم.', 'شكرًا جزيلاً', 'التسليم بعد صلاة العصر'],
  am: ['እባክዎ ከመድረስዎ በፊት ይደውሉ።', 'አመሰግናለሁ ☕'],
  zh: ['请在送货前打电话。', '谢谢！🙏'],
  hi: ['कृपया पहुँचने से पहले फ़ोन करें।', 'धन्यवाद 🙏'],
  ru: ['Позвоните, пожалуйста, заранее.', 'Спасибо!'],
};

/** What staff write about orders, customers and tickets; customers never see it. */
export const STAFF_NOTES: readonly string[] = [
  'Paid late twice; ask for a deposit.',
  'Address checked by phone ✅',
  'Anwani si sahihi, piga simu.',
  'Fragile: pack in two layers ⚠️',
  'Discount agreed with the manager (5 %).',
  "Customer's cousin works at the branch; second signature needed.",
  'ቅናሽ ተፈቅዷል።',
  'Ne pas relancer avant lundi.',
];

/** Subject and message of support tickets. */
export const TICKET_TEXTS: readonly (readonly [subject: string, message: string])[] = [
  ['Order has not arrived', 'The order should have been here on Monday. Where is it?'],
  ['Wrong item in the box', 'I ordered coffee beans and got ground coffee 😕'],
  ['Damaged parcel', 'The box was wet and two jars were broken.'],
  ['Invoice question', 'Why is the tax on my invoice higher than last month?'],
  ['Mzigo haujafika', 'Mzigo wangu haujafika mpaka leo. Naomba msaada.'],
  ['Nataka kurudisha bidhaa', 'Kikoi ni ndogo mno, naweza kubadilisha?'],
  ['Remboursement', 'Je n’ai pas encore reçu le remboursement de ma commande annulée.'],
  ['استفسار عن الفاتورة', 'أين فاتورتي؟ لم تصل بالبريد الإلكتروني.'],
  ['ትዕዛዜ አልደረሰም', 'ትዕዛዜ እስካሁን አልደረሰም፤ እባክዎ ይርዱኝ።'],
  ['退货', '杯子坏了，可以退货吗？'],
  ['भुगतान दो बार हुआ', 'मेरे कार्ड से भुगतान दो बार कट गया।'],
  ['Не работает скидка', 'Код скидки не принимается 🙁'],
  ['Change of address', 'I moved to another estate; please note the new gate.'],
  ['M-PESA payment not shown', 'I paid by M-PESA but the order still says unpaid.'],
];
