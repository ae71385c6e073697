import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Environment, SecretSource } from './secret-source.js';

/** Longest wait for one secret, every attempt together, in milliseconds, and for one attempt. */
const TIMEOUT_MS = 15_000;
const ATTEMPT_TIMEOUT_MS = 5_000;
const MAX_ATTEMPTS = 3;

/** The region is the fourth part of an ARN. */
const ARN = /^arn:[\w-]+:secretsmanager:([a-z0-9-]+):/;

/**
 * Secrets of AWS Secrets Manager: `aws-secretsmanager:ARN-or-name`, and `#field` behind it where the secret is a JSON object.
 * The package is loaded when the first is read.
 *
 * @param env `AWS_REGION` counts for names, and for ARNs their own region; `AWS_ENDPOINT_URL` and the credentials are read as
 *   the SDK reads them
 */
export function createAwsSecretSource(env: Environment): SecretSource {
  const clients = new Map<string, Promise<SecretsManagerClient>>();
  const clientOf = (region: string): Promise<SecretsManagerClient> => {
    const open = clients.get(region) ?? openClient(env, region);
    clients.set(region, open);
    return open;
  };
  return Object.freeze({
    scheme: 'aws-secretsmanager',
    async read(reference) {
      const { id, field } = splitReference(reference);
      const region = ARN.exec(id)?.[1] ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
      if (!region) throw new Error('AWS_REGION is not set');
      const client = await clientOf(region);
      return pickField(await fetchSecret(client, id), field);
    },
  } satisfies SecretSource);
}

function splitReference(reference: string): { readonly id: string; readonly field: string | null } {
  const at = reference.lastIndexOf('#');
  return at < 0 ? { id: reference, field: null } : { id: reference.slice(0, at), field: reference.slice(at + 1) };
}

async function openClient(env: Environment, region: string): Promise<SecretsManagerClient> {
  const { SecretsManagerClient: Client } = await import('@aws-sdk/client-secrets-manager');
  const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const { AWS_SESSION_TOKEN: sessionToken } = env;
  return new Client({
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: ATTEMPT_TIMEOUT_MS, requestTimeout: ATTEMPT_TIMEOUT_MS },
    ...(endpoint ? { endpoint } : {}),
    // Else the SDK looks where it always does: profiles, the container, the instance.
    ...(accessKeyId && secretAccessKey
      ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } }
      : {}),
  });
}

/** @throws Error that names the kind of failure alone: the SDK's own words may quote what was answered */
async function fetchSecret(client: SecretsManagerClient, id: string): Promise<string> {
  const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  let text: string | undefined;
  try {
    const options = { abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
    text = (await client.send(new GetSecretValueCommand({ SecretId: id }), options)).SecretString;
  } catch (error) {
    const name = error instanceof Error && /^\w{1,60}$/.test(error.name) ? error.name : 'no answer';
    throw new Error(name);
  }
  if (text === undefined) throw new Error('the secret is no text');
  return text;
}

function pickField(text: string, field: string | null): string {
  if (field === null) return text;
  let value: unknown;
  try {
    value = (JSON.parse(text) as Record<string, unknown> | null)?.[field];
  } catch {
    throw new Error('the secret is no JSON object');
  }
  if (typeof value !== 'string') throw new Error('the secret has no such field with text');
  return value;
}
