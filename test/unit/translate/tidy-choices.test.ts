import { expect, it } from 'vitest';
import { tidyChoices } from '../../../src/translate/tidy-choices.js';

it('keeps the first four that can be asked as they stand, each once', () => {
  const choices = ['Orders of 2025?', 'orders of 2025', '?!', '', 'Orders of 2024?', 'A?', 'B?', 'C?'];
  expect(tidyChoices(choices, 'Orders?')).toEqual(['Orders of 2025?', 'Orders of 2024?', 'A?', 'B?']);
});

it('does not offer what was asked already', () => {
  expect(tidyChoices(['How many ORDERS', 'How many orders of 2025?'], 'How many orders?')).toEqual([
    'How many orders of 2025?',
  ]);
});
