import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/config/settings.js';
import type { SwaliError } from '../../../src/errors/swali-error.js';

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseSettings(env);
  } catch (error) {
    return ((error as SwaliError).detail ?? '').split('\n');
  }
  return [];
}

const TWO = { OPENAI_API_KEY: 'sk-one', FALLBACK_OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' };

describe('settings of providers', () => {
  it('name none where none is set, and nothing is forbidden', () => {
    const settings = parseSettings({});
    expect(settings.modelProviders).toEqual([]);
    expect(settings.modelAllowed).toEqual({ providers: null, regions: null });
    expect(settings.modelWithholdPersonal).toBe(true);
  });

  it('name two in their order, with prices in whole millionths', () => {
    const settings = parseSettings({
      ...TWO,
      OPENAI_REGION: 'us',
      OPENAI_PRICE_PROMPT: '0.15',
      OPENAI_PRICE_CACHED_PROMPT: '0.075',
      OPENAI_PRICE_COMPLETION: '0.6',
      FALLBACK_OPENAI_NAME: 'local',
      FALLBACK_OPENAI_MODEL: 'small',
      FALLBACK_OPENAI_PRICE_PROMPT: '2',
      MODEL_REGIONS: 'us, eu',
      MODEL_WITHHOLD_PERSONAL: 'off',
    });
    expect(settings.modelProviders).toEqual([
      {
        name: 'openai',
        region: 'us',
        apiKey: 'sk-one',
        baseUrl: null,
        model: 'gpt-4o-mini',
        prices: { prompt: 150_000, cachedPrompt: 75_000, completion: 600_000 },
      },
      {
        name: 'local',
        region: null,
        apiKey: null,
        baseUrl: 'http://127.0.0.1:1/v1',
        model: 'small',
        prices: { prompt: 2_000_000, cachedPrompt: 2_000_000, completion: 0 },
      },
    ]);
    expect(settings.modelAllowed).toEqual({ providers: null, regions: ['us', 'eu'] });
    expect(settings.modelWithholdPersonal).toBe(false);
  });

  it.each([
    [{ OPENAI_NAME: 'Open AI' }, 'OPENAI_NAME: "Open AI" is not usable'],
    [{ OPENAI_NAME: 'offline' }, 'OPENAI_NAME: "offline" is not usable'],
    [{ OPENAI_REGION: 'EU west' }, 'OPENAI_REGION: "EU west" is not usable'],
    [{ OPENAI_PRICE_PROMPT: '1e-6' }, 'OPENAI_PRICE_PROMPT: "1e-6" is not usable'],
    [{ OPENAI_PRICE_COMPLETION: '-1' }, 'OPENAI_PRICE_COMPLETION: "-1" is not usable'],
    [{ MODEL_PROVIDERS: 'openai,,x' }, 'MODEL_PROVIDERS: "openai,,x" is not usable'],
    [{ ...TWO, FALLBACK_OPENAI_NAME: 'openai' }, 'FALLBACK_OPENAI_NAME: is also OPENAI_NAME'],
    [{ FALLBACK_OPENAI_API_KEY: 'sk-two' }, 'OPENAI_BASE_URL: is not set beside a second provider'],
    [
      { NODE_ENV: 'production', ...TWO, FALLBACK_OPENAI_BASE_URL: 'http://models.example/v1' },
      'FALLBACK_OPENAI_BASE_URL: is no https address',
    ],
  ] as const)('are refused: %j', (env, fault) => {
    expect(faultsOf(env).filter((line) => line.startsWith(fault))).toHaveLength(1);
  });
});
