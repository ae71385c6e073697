import type { Exported, ExportFormat, ExportSink } from '../domain/export.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { type ApiCall, SENT } from './create-api-handler.js';
import type { KeptReceipts } from './kept-receipts.js';

/** Media type of each format. */
export const EXPORT_TYPES = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
} as const satisfies Readonly<Record<ExportFormat, string>>;

/** Field that bears the receipt: before a file that was known as a whole, else behind it, as a trailer. */
const RECEIPT = 'Swali-Receipt';
const SALT = 'Swali-Receipt-Salt';

/**
 * Sends an export as it is written, its receipt in a header where it is known by then, else in a trailer.
 *
 * @param receipts where the receipt is kept for who cannot read a trailer
 * @param name of the file, without its ending
 * @param write writes the file
 * @throws SwaliError as `write`, and `EXPORT_NOT_ANSWERED` where there is nothing to write
 */
export async function sendExport(
  { file, principal, context }: Pick<ApiCall<unknown, Principal>, 'file' | 'principal' | 'context'>,
  receipts: KeptReceipts,
  { format, name }: { readonly format: ExportFormat; readonly name: string },
  write: (sink: ExportSink) => Promise<Exported>,
): Promise<typeof SENT> {
  let isReceiptSent = false;
  const exported = await write({
    begin({ salt, receipt }) {
      isReceiptSent = receipt !== null;
      const known = receipt === null ? {} : { [RECEIPT]: receipt.jws };
      const download = { type: EXPORT_TYPES[format], name: `${name}.${format}` };
      return file.begin(download, { ...known, [SALT]: salt }, isReceiptSent ? [] : [RECEIPT]);
    },
    write: file.write,
  });
  if (exported.status !== 'answered') throw new SwaliError('EXPORT_NOT_ANSWERED', { detail: exported.message });
  const { jws } = exported.receipt;
  if (!isReceiptSent) await receipts.keep(principal, context.requestId, jws);
  await file.end(isReceiptSent ? {} : { [RECEIPT]: jws });
  return SENT;
}
