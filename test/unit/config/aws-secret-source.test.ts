import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAwsSecretSource } from '../../../src/config/aws-secret-source.js';
import { resolveEnvironment } from '../../../src/config/secret-source.js';
import { parseSettings } from '../../../src/config/settings.js';
import { SwaliError } from '../../../src/errors/swali-error.js';

const ARN = 'arn:aws:secretsmanager:af-south-1:123456789012:secret:swali-AbCdEf';
const SECRETS: Record<string, object> = {
  plain: { SecretString: 'sk-plain' },
  swali: { SecretString: JSON.stringify({ openai: 'sk-field', 'a#b': 'x', n: 7 }) },
  [ARN]: { SecretString: JSON.stringify({ openai: 'sk-arn' }) },
  binary: { SecretBinary: 'AAAA' },
  empty: { SecretString: '' },
};

/** Speaks the JSON of Secrets Manager: what the real client sends and reads. */
let server: Server;
let asked: { readonly id: string; readonly headers: IncomingMessage['headers'] }[] = [];
let failures = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { SecretId: id } = JSON.parse(body) as { SecretId: string };
      asked.push({ id, headers: request.headers });
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (failures > 0) {
        failures -= 1;
        response.statusCode = 500;
        return response.end(JSON.stringify({ __type: 'InternalServiceError', message: 'hush' }));
      }
      const found = SECRETS[id];
      if (!found) response.statusCode = 400;
      return response.end(JSON.stringify(found ?? { __type: 'ResourceNotFoundException', message: 'hush hush' }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  failures = 0;
});

const envOf = (more: Record<string, string> = {}) => ({
  AWS_REGION: 'eu-west-1',
  AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'a-secret-of-the-test',
  ...more,
});
const resolve = (more: Record<string, string>) => {
  const env = envOf(more);
  return resolveEnvironment(env, [createAwsSecretSource(env)]);
};

describe('references to AWS Secrets Manager', () => {
  it('are followed by name, by field and by ARN, in signed requests to the right region', async () => {
    const { env, faults } = await resolve({
      OPENAI_API_KEY: 'aws-secretsmanager:plain',
      JWT_SECRET: 'aws-secretsmanager:swali#openai',
      MASK_KEY: `aws-secretsmanager:${ARN}#openai`,
      PORT: '3000',
    });
    expect(faults).toEqual([]);
    expect(env).toMatchObject({ OPENAI_API_KEY: 'sk-plain', JWT_SECRET: 'sk-field', MASK_KEY: 'sk-arn', PORT: '3000' });
    const regionOf = (id: string) => asked.find((each) => each.id === id)?.headers.authorization;
    expect(regionOf('plain')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/eu-west-1\/secretsmanager\/aws4_request/,
    );
    expect(regionOf(ARN)).toContain('/af-south-1/secretsmanager/');
    expect(asked[0]?.headers['x-amz-target']).toBe('secretsmanager.GetSecretValue');
  });

  it('are tried again after a failure of the service', async () => {
    failures = 1;
    expect((await resolve({ OPENAI_API_KEY: 'aws-secretsmanager:plain' })).env.OPENAI_API_KEY).toBe('sk-plain');
    expect(asked).toHaveLength(2);
  });

  it('that cannot be followed are all told at once, beside other faults, and no secret with them', async () => {
    const { env, faults } = await resolve({
      OPENAI_API_KEY: 'aws-secretsmanager:nowhere',
      JWT_SECRET: 'aws-secretsmanager:swali#missing',
      STORE_KEY: 'aws-secretsmanager:plain#openai',
      MASK_KEY: 'aws-secretsmanager:binary',
      REDIS_URL: 'aws-secretsmanager:empty',
      PORT: '70000',
    });
    const expected = 'expected a secret that is there and may be read';
    expect([...faults].sort()).toEqual([
      `JWT_SECRET: cannot be read from aws-secretsmanager (the secret has no such field with text), ${expected}`,
      `MASK_KEY: cannot be read from aws-secretsmanager (the secret is no text), ${expected}`,
      `OPENAI_API_KEY: cannot be read from aws-secretsmanager (ResourceNotFoundException), ${expected}`,
      'REDIS_URL: is empty in aws-secretsmanager, expected a secret',
      `STORE_KEY: cannot be read from aws-secretsmanager (the secret is no JSON object), ${expected}`,
    ]);
    expect(env.OPENAI_API_KEY).toBeUndefined();
    try {
      parseSettings(env, { faults });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SwaliError);
      const lines = (error as SwaliError).detail!.split('\n');
      expect(lines).toHaveLength(6);
      expect(lines.join()).toContain('PORT: ');
      expect(lines.join()).not.toMatch(/hush|sk-/);
    }
  });

  it('need a region', async () => {
    const { faults } = await resolve({ AWS_REGION: '', OPENAI_API_KEY: 'aws-secretsmanager:plain' });
    expect(faults[0]).toContain('(AWS_REGION is not set)');
    expect(asked).toEqual([]);
  });

  it('are nothing to settings that are no secret, and to values that refer to nothing', async () => {
    const env = { ...envOf(), PUBLIC_URL: 'aws-secretsmanager:plain', OPENAI_API_KEY: 'sk-x:aws-secretsmanager:plain' };
    expect((await resolveEnvironment(env, [createAwsSecretSource(env)])).env).toEqual(env);
    expect(asked).toEqual([]);
  });
});
