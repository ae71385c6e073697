import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';
import { makeSelfSigned } from './self-signed.js';

/** What a response says; each is right where it is left out. */
export interface SamlWords {
  readonly nameId: string;
  readonly format?: string;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly responseIssuer?: string;
  readonly issuer?: string;
  readonly audience?: string | null;
  readonly recipient?: string | null;
  readonly destination?: string | null;
  readonly inResponseTo?: string | null;
  readonly subjectInResponseTo?: string | null;
  readonly method?: string;
  /** Milliseconds from now. */
  readonly notBefore?: number;
  readonly notOnOrAfter?: number;
  readonly confirmationNotOnOrAfter?: number | null;
  readonly issuedAt?: number;
  readonly assertionId?: string;
  readonly authnContext?: string;
  readonly status?: string;
  /** Which parts are signed, with what. */
  readonly signs?: readonly ('assertion' | 'response')[];
  readonly algorithm?: 'sha256' | 'sha1' | 'digest-sha1';
  readonly canonicalization?: string;
  readonly key?: KeyObject;
  /** Certificate that the signature carries with it. */
  readonly keyInfo?: string;
  /** Changes the assertion before it is signed. */
  readonly edit?: (assertion: string) => string;
}

/** What the gateway asked for. */
export interface SamlRequest {
  readonly id: string;
  readonly relayState: string;
  readonly acs: string;
  readonly issuer: string;
  readonly xml: string;
}

/** A SAML provider of the tests' own: it signs what it is told to say. */
export interface SamlIssuer {
  readonly entityId: string;
  readonly certificate: string;
  /** PEM of the public key alone. */
  readonly publicKey: string;
  /** @returns XML */
  respond(request: SamlRequest, words: SamlWords): string;
}

export const SAML_SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const SIGNATURES = {
  sha256: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  sha1: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
  'digest-sha1': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
} as const;
const DIGESTS = {
  sha256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  sha1: 'http://www.w3.org/2000/09/xmldsig#sha1',
  'digest-sha1': 'http://www.w3.org/2000/09/xmldsig#sha1',
} as const;
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** Reads the request from the address that the browser is sent to. */
export function readSamlRequest(address: string): SamlRequest {
  const { searchParams } = new URL(address);
  const xml = inflateRawSync(Buffer.from(searchParams.get('SAMLRequest') ?? '', 'base64')).toString('utf8');
  const attribute = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(xml)?.[1] ?? '';
  return {
    id: attribute('ID'),
    relayState: searchParams.get('RelayState') ?? '',
    acs: attribute('AssertionConsumerServiceURL'),
    issuer: /<saml:Issuer[^>]*>([^<]*)</.exec(xml)?.[1] ?? '',
    xml,
  };
}

export const makeKey = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;

export function openSamlIssuer(entityId: string): SamlIssuer {
  const own = makeKey();
  const publicKey = createPublicKey(own).export({ type: 'spki', format: 'pem' }).toString();
  return {
    entityId,
    certificate: makeSelfSigned(own, 'idp'),
    publicKey,
    respond(request, words) {
      const { signs = ['assertion', 'response'] } = words;
      const sign = (xml: string, part: 'Assertion' | 'Response') => signPart(xml, part, own, words);
      const assertion = (words.edit ?? ((text) => text))(writeAssertion(entityId, request, words));
      let xml = writeResponse(entityId, request, words, assertion);
      if (signs.includes('assertion')) xml = sign(xml, 'Assertion');
      if (signs.includes('response')) xml = sign(xml, 'Response');
      return xml;
    },
  };
}

const instant = (ms: number) => new Date(Date.now() + ms).toISOString();
const attributeOf = (name: string, value: string | null) => (value === null ? '' : ` ${name}="${value}"`);
const randomId = () => `_${randomBytes(16).toString('hex')}`;

function writeAssertion(entityId: string, request: SamlRequest, words: SamlWords): string {
  const { audience = request.issuer, recipient = request.acs, subjectInResponseTo = request.id } = words;
  const { notBefore = -5000, notOnOrAfter = 60_000, issuedAt = 0 } = words;
  const until = words.confirmationNotOnOrAfter === undefined ? notOnOrAfter : words.confirmationNotOnOrAfter;
  const values = Object.entries(words.attributes ?? {}).map(
    ([name, texts]) =>
      `<saml:Attribute Name="${name}">${texts.map((text) => `<saml:AttributeValue>${text}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  );
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${words.assertionId ?? randomId()}" Version="2.0" IssueInstant="${instant(issuedAt)}">`,
    `<saml:Issuer>${words.issuer ?? entityId}</saml:Issuer>`,
    `<saml:Subject><saml:NameID${attributeOf('Format', words.format ?? 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress')}>${words.nameId}</saml:NameID>`,
    `<saml:SubjectConfirmation Method="${words.method ?? BEARER}"><saml:SubjectConfirmationData`,
    attributeOf('Recipient', recipient),
    attributeOf('InResponseTo', subjectInResponseTo),
    attributeOf('NotOnOrAfter', until === null ? null : instant(until)),
    '/></saml:SubjectConfirmation></saml:Subject>',
    `<saml:Conditions NotBefore="${instant(notBefore)}" NotOnOrAfter="${instant(notOnOrAfter)}">`,
    audience === null
      ? ''
      : `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>`,
    '</saml:Conditions>',
    `<saml:AuthnStatement AuthnInstant="${instant(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>${words.authnContext ?? 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password'}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    values.length > 0 ? `<saml:AttributeStatement>${values.join('')}</saml:AttributeStatement>` : '',
    '</saml:Assertion>',
  ].join('');
}

function writeResponse(entityId: string, request: SamlRequest, words: SamlWords, assertion: string): string {
  const { destination = request.acs, inResponseTo = request.id } = words;
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${randomId()}" Version="2.0" IssueInstant="${instant(0)}"`,
    attributeOf('Destination', destination),
    attributeOf('InResponseTo', inResponseTo),
    `><saml:Issuer>${words.responseIssuer ?? entityId}</saml:Issuer>`,
    `<samlp:Status><samlp:StatusCode Value="${words.status ?? SAML_SUCCESS}"/></samlp:Status>`,
    `${assertion}</samlp:Response>`,
  ].join('');
}

function signPart(xml: string, part: 'Assertion' | 'Response', own: KeyObject, words: SamlWords): string {
  const { algorithm = 'sha256', canonicalization = EXCLUSIVE, key = own, keyInfo } = words;
  const at =
    part === 'Response' ? "/*[local-name(.)='Response']" : "/*[local-name(.)='Response']/*[local-name(.)='Assertion']";
  const signer = new SignedXml({
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }),
    signatureAlgorithm: SIGNATURES[algorithm],
    canonicalizationAlgorithm: canonicalization as never,
    ...(keyInfo && {
      publicCert: keyInfo,
      getKeyInfoContent: () =>
        `<X509Data><X509Certificate>${keyInfo.replace(/-----[A-Z ]+-----|\s/g, '')}</X509Certificate></X509Data>`,
    }),
  });
  signer.addReference({
    xpath: at,
    digestAlgorithm: DIGESTS[algorithm],
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', canonicalization],
  });
  signer.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${at}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signer.getSignedXml();
}
