import { generateServiceProviderMetadata, type Profile, SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { z } from 'zod';
import { SwaliError } from '../../errors/swali-error.js';
import { type BegunFlow, FLOW_TTL_MS } from './flows.js';
import type { ProvenIdentity } from './proven-identity.js';
import type { SamlProvider } from './provider.js';
import { assertPlainResponse, readResponse } from './saml-text.js';

/** Clocks may differ by so much, in milliseconds. */
const CLOCK_SKEW_MS = 30_000;

/** Oldest assertion that is taken, in milliseconds, whatever it says of itself. */
const ASSERTION_MAX_AGE_MS = 600_000;

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

/** A NameID of another name each time: it can be linked to nothing. */
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';

const texts = z.array(z.looseObject({ _: z.string() }));

/** An assertion whose signature was verified, as node-saml reads it. */
const assertionSchema = z.looseObject({
  $: z.looseObject({ ID: z.string().min(1).max(255) }),
  Issuer: texts.length(1),
  Subject: z
    .array(
      z.looseObject({
        NameID: z.array(z.looseObject({ _: z.string().min(1).max(255) })).length(1),
        SubjectConfirmation: z
          .array(
            z.looseObject({
              $: z.looseObject({ Method: z.string() }),
              SubjectConfirmationData: z
                .array(
                  z.looseObject({
                    $: z.looseObject({
                      Recipient: z.string().optional(),
                      InResponseTo: z.string().optional(),
                      NotOnOrAfter: z.string().optional(),
                    }),
                  }),
                )
                .optional(),
            }),
          )
          .min(1),
      }),
    )
    .length(1),
  Conditions: z.array(z.looseObject({})).length(1),
  AuthnStatement: z
    .array(
      z.looseObject({
        AuthnContext: z.array(z.looseObject({ AuthnContextClassRef: texts.optional() })).optional(),
      }),
    )
    .min(1),
});

type Assertion = z.output<typeof assertionSchema>;

/** Speaks SAML 2.0 with one provider, as a service provider of the Web Browser SSO profile. */
export interface SamlClient {
  /** @returns where the browser goes */
  begin(flow: BegunFlow): Promise<string>;
  /**
   * Judges a posted response: signatures, issuer, audience, recipient, times, and that it answers this very flow.
   *
   * @param response base64, as posted
   * @returns the identity, and the id of the assertion, which must not count twice
   * @throws SwaliError `AUTH_SSO_REFUSED`
   */
  verify(
    flow: BegunFlow,
    response: string,
  ): Promise<{ readonly identity: ProvenIdentity; readonly assertionId: string }>;
}

/** What node-saml is asked to hold to. A flow has one of its own, so that an answer fits the one request it answers. */
function openSaml(provider: SamlProvider, flow: BegunFlow): SAML {
  const createdAt = new Date(flow.createdAt).toISOString();
  return new SAML({
    entryPoint: provider.entryPoint,
    callbackUrl: provider.returnAddress,
    issuer: provider.entityId,
    idpIssuer: provider.issuer,
    idpCert: [...provider.certificates],
    audience: provider.audience,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: provider.wantResponseSigned,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    acceptedClockSkewMs: CLOCK_SKEW_MS,
    maxAssertionAgeMs: ASSERTION_MAX_AGE_MS,
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: FLOW_TTL_MS + CLOCK_SKEW_MS,
    generateUniqueId: () => flow.id,
    // The flow was taken from the store, once and for every replica, before the answer is looked at.
    cacheProvider: {
      saveAsync: async (_key, value) => ({ value, createdAt: flow.createdAt }),
      getAsync: async (key) => (key === flow.id ? createdAt : null),
      removeAsync: async (key) => key,
    },
  });
}

/** @remarks node-saml verifies signatures and reads what they cover; what it leaves to its user is demanded here. */
export function createSamlClient(provider: SamlProvider): SamlClient {
  return Object.freeze({
    begin: (flow) => openSaml(provider, flow).getAuthorizeUrlAsync(flow.id, undefined, {}),

    async verify(flow, response) {
      try {
        const xml = decode(response);
        assertPlainResponse(xml);
        const { profile } = await openSaml(provider, flow).validatePostResponseAsync({ SAMLResponse: response });
        if (!profile) throw new Error('the response holds no assertion');
        assertResponse(provider, xml);
        const assertion = readAssertion(profile);
        assertAssertion(provider, flow, assertion);
        return { identity: describe(provider, profile, assertion), assertionId: assertion.$.ID };
      } catch (error) {
        throw new SwaliError('AUTH_SSO_REFUSED', { cause: error });
      }
    },
  } satisfies SamlClient);
}

/** The metadata that an operator hands to the provider. */
export function describeServiceProvider(provider: SamlProvider): string {
  return generateServiceProviderMetadata({
    issuer: provider.entityId,
    callbackUrl: provider.returnAddress,
    identifierFormat: null,
    wantAssertionsSigned: true,
  });
}

function decode(response: string): string {
  // node-saml passes over what is no base64, which would let one message have many spellings.
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(response)) throw new Error('the response is not base64');
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(response, 'base64'));
}

/** SAML core §3.2.2.2 and bindings §3.5.5.2: a response says how it went, and a signed one where it was sent. */
function assertResponse(provider: SamlProvider, xml: string): void {
  const { destination, status } = readResponse(xml);
  if (status !== SUCCESS) throw new Error('the response says that the sign-in failed');
  if (destination === null && !provider.wantResponseSigned) return;
  if (destination !== provider.returnAddress) throw new Error('the response was sent to another address');
}

function readAssertion(profile: Profile): Assertion {
  const { Assertion } = (profile.getAssertion?.() ?? {}) as { readonly Assertion?: unknown };
  return assertionSchema.parse(Assertion);
}

/** SAML profiles §4.1.4.3: made by this provider, for this gateway, in answer to this request. */
function assertAssertion(provider: SamlProvider, flow: BegunFlow, assertion: Assertion): void {
  if (assertion.Issuer[0]?._ !== provider.issuer) throw new Error('the assertion is of another issuer');
  const confirmations = assertion.Subject[0]?.SubjectConfirmation ?? [];
  const isConfirmed = confirmations.some(({ $, SubjectConfirmationData: data = [] }) => {
    const [said] = data;
    if ($.Method !== BEARER || data.length !== 1 || !said) return false;
    const { Recipient, InResponseTo, NotOnOrAfter } = said.$;
    return Recipient === provider.returnAddress && InResponseTo === flow.id && isAhead(NotOnOrAfter);
  });
  if (!isConfirmed) throw new Error('nothing confirms that the bearer of the assertion is its subject, here and now');
}

function isAhead(time: string | undefined): boolean {
  return time !== undefined && Date.parse(time) + CLOCK_SKEW_MS > Date.now();
}

function describe(provider: SamlProvider, profile: Profile, assertion: Assertion): ProvenIdentity {
  const subject = assertion.Subject[0]?.NameID[0]?._;
  if (subject === undefined || subject !== profile.nameID) throw new Error('the assertion names nobody');
  if (profile.nameIDFormat === TRANSIENT) throw new Error('the NameID is of another name each time');
  const statements = (profile.attributes ?? {}) as Readonly<Record<string, unknown>>;
  const email = provider.emailClaim === null ? subject : statements[provider.emailClaim];
  const refs = assertion.AuthnStatement.flatMap(({ AuthnContext = [] }) => AuthnContext);
  return {
    subject,
    // The entry states that this provider verifies its addresses.
    verifiedEmail: typeof email === 'string' ? email : null,
    statements,
    session: null,
    factors: refs.flatMap(({ AuthnContextClassRef = [] }) => AuthnContextClassRef.map((ref) => ref._)),
  };
}
