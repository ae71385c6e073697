import { z } from 'zod';
import { EMPLOYEE_ROLES, PRINCIPAL_KINDS } from '../../domain/principal.js';
import { DEFAULT_TIER } from '../accounts.js';
import { TENANT_ID } from '../tenants.js';

/** How a provider is named in addresses and in the audit log. */
export const PROVIDER_NAME = /^[a-z0-9-]{1,32}$/;

const line = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{C}]*$/u, { error: 'expected one line of plain text' });
const secretText = z.string().min(1).max(16_384);
const domain = z.string().regex(/^(?=.{1,253}$)[^\s@,*]+$/, { error: 'expected a domain such as example.org' });
const tier = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, { error: 'expected the name of a tier' });
const role = z.enum(EMPLOYEE_ROLES, { error: `expected one of ${EMPLOYEE_ROLES.join(', ')}` });
const address = z.url({ protocol: /^https?$/, error: 'expected an https:// address' }).max(255);

const mapping = z.strictObject({
  role: z.strictObject({ claim: line, values: z.record(line, role), default: role.optional() }).optional(),
  allow_tables: z
    .strictObject({ claim: line, values: z.record(line, z.array(z.string().min(1).max(64)).max(1000)) })
    .optional(),
  customer_number: z.strictObject({ claim: line }).optional(),
});

/** What providers of both protocols state. */
const shared = {
  name: z.string().regex(PROVIDER_NAME, { error: 'expected 1 to 32 of a-z, 0-9 and -' }),
  /** On the button; the name where it is left out. */
  label: line.optional(),
  kind: z.enum(PRINCIPAL_KINDS, { error: `expected one of ${PRINCIPAL_KINDS.join(', ')}` }),
  /** Whose people it signs in; needed where tenancy is on. */
  tenant: z.string().regex(TENANT_ID, { error: 'expected the id of a tenant' }).optional(),
  tiers: z.array(tier).min(1).optional(),
  email_domains: z.array(domain).min(1),
  /** Claim or attribute of the e-mail address. */
  email_claim: line.optional(),
  create: z.boolean(),
  mapping: mapping.default({}),
  second_factor: z.enum(['own', 'provider'], { error: 'expected own or provider' }).default('own'),
  /** What proves a second factor at the provider: values of `amr` or `acr`, or of AuthnContextClassRef. */
  second_factor_values: z.array(line).min(1).optional(),
};

const oidc = z.strictObject({
  ...shared,
  protocol: z.literal('oidc'),
  issuer: address,
  client_id: line,
  client_secret: secretText.optional(),
  client_secret_file: line.optional(),
  scopes: z.array(line).default(['openid', 'email', 'profile']),
  /** Where the claims stand. */
  claims_from: z.enum(['id_token', 'userinfo'], { error: 'expected id_token or userinfo' }).default('id_token'),
  /** Hosts besides the issuer's own on which it has endpoints. */
  hosts: z.array(z.string().regex(/^[^\s/@]+$/, { error: 'expected a host such as oauth2.example.com' })).default([]),
});

const saml = z.strictObject({
  ...shared,
  protocol: z.literal('saml'),
  /** Where the browser is sent to sign in there. */
  entry_point: address,
  /** The gateway's own entity id. */
  issuer: line,
  idp_issuer: line,
  idp_certificate: secretText.optional(),
  idp_certificate_file: line.optional(),
  /** The entity id where it is left out. */
  audience: line.optional(),
  want_response_signed: z.boolean().default(true),
  /** SAML has no word for it: the operator states that this provider tells no address that it has not verified. */
  email_verified: z.literal('always', { error: 'expected always: state that this provider verifies its addresses' }),
});

/** Every key that an entry of either protocol may have. */
export const ENTRY_KEYS: readonly string[] = [...Object.keys(oidc.shape), ...Object.keys(saml.shape)];

type Entry = z.output<typeof oidc> | z.output<typeof saml>;

/** What does not fit together in one entry, by the key that it stands at. */
function judgeEntry(entry: Entry): readonly (readonly [string, string])[] {
  const faults: (readonly [string, string])[] = [];
  const { kind, mapping: rules, tiers } = entry;
  if (kind === 'admin' && entry.create) faults.push(['create', 'admins are made by operators alone; expected false']);
  if (kind !== 'employee' && rules.role) faults.push(['mapping', 'only employees have a role']);
  if (kind !== 'employee' && rules.allow_tables) faults.push(['mapping', 'only employees have a list of tables']);
  if (kind !== 'customer' && rules.customer_number) faults.push(['mapping', 'only customers have a customer number']);
  if (entry.create && tiers && !tiers.includes(DEFAULT_TIER))
    faults.push([
      'tiers',
      `accounts are made in tier ${DEFAULT_TIER}, which may not come in; add it, or say create: false`,
    ]);
  if ((entry.second_factor === 'provider') !== (entry.second_factor_values !== undefined))
    faults.push(['second_factor_values', 'expected where second_factor is provider, and only there']);
  const [inline, file, what] =
    entry.protocol === 'oidc'
      ? [entry.client_secret, entry.client_secret_file, 'client_secret']
      : [entry.idp_certificate, entry.idp_certificate_file, 'idp_certificate'];
  if ((inline === undefined) === (file === undefined)) faults.push([what, `expected either ${what} or ${what}_file`]);
  if (entry.protocol === 'oidc' && !entry.scopes.includes('openid'))
    faults.push(['scopes', 'expected openid among them']);
  return faults;
}

/** The file of providers (`SSO_FILE`), as it is written. */
export const PROVIDER_FILE = z
  .strictObject({
    providers: z
      .array(z.discriminatedUnion('protocol', [oidc, saml]))
      .min(1)
      .max(50),
  })
  .superRefine(({ providers }, context) => {
    for (const [at, entry] of providers.entries()) {
      for (const [key, message] of judgeEntry(entry))
        context.addIssue({ code: 'custom', path: ['providers', at, key], message });
      if (providers.findIndex(({ name }) => name === entry.name) !== at)
        context.addIssue({
          code: 'custom',
          path: ['providers', at, 'name'],
          message: 'another provider has this name',
        });
    }
  });

/** One entry of {@link PROVIDER_FILE}. */
export type ProviderEntry = z.output<typeof PROVIDER_FILE>['providers'][number];
