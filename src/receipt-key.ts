import { readSigner, type Signer } from './audit/ed25519.js';
import { keepSecret } from './config/kept-secret.js';
import type { Settings } from './config/settings.js';

/**
 * The key that signs receipts, made and kept where none is set outside production, with those that did before.
 *
 * @throws SwaliError `SETTINGS_INVALID` where one is not usable, or none is set and none can be kept
 */
export function readReceiptSigner(
  settings: Pick<Settings, 'dataDir' | 'receiptPrivateKey' | 'receiptRetiredKeys'>,
): Signer {
  const { receiptPrivateKey, receiptRetiredKeys: retired } = settings;
  const key = receiptPrivateKey ?? keepSecret(settings.dataDir, 'receipt-key');
  // Judged by itself first, so that a fault names the setting that it is in.
  const signer = readSigner('RECEIPT_PRIVATE_KEY', key);
  return retired.length === 0 ? signer : readSigner('RECEIPT_RETIRED_KEYS', key, retired);
}
