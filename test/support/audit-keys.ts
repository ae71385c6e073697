import { readSigner } from '../../src/audit/ed25519.js';
import { createKeyRing } from '../../src/store/key-ring.js';

/** What an audit log of the tests is opened with. */
export const AUDIT_KEYS = {
  keyRing: createKeyRing({ current: 'k'.repeat(40) }),
  signer: readSigner('AUDIT_PRIVATE_KEY', 'a1'.repeat(32)),
} as const;
