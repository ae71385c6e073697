import type { Response } from 'express';
import { SwaliError } from '../errors/swali-error.js';
import { createOutflow } from './outflow.js';

/** A file that is kept, never shown. */
export interface Download {
  /** One of those that the endpoint states; the text is UTF-8. */
  readonly type: string;
  /** Letters, digits, `-` and `.`. */
  readonly name: string;
}

/** Sends a file while it is written. Where it is not ended its reader's connection is cut, so that a part is never taken for it. */
export interface FileOutlet {
  /**
   * @param trailers names of fields that come with the end
   * @throws SwaliError `REQUEST_INVALID` where the caller's HTTP could not tell a part from the file
   */
  begin(download: Download, headers: Readonly<Record<string, string>>, trailers: readonly string[]): Promise<void>;
  /** Resolves when more can be taken. @throws SwaliError `EXECUTE_CANCELLED` where the reader is gone */
  write(text: string): Promise<void>;
  /** @param trailers of the names that were stated */
  end(trailers: Readonly<Record<string, string>>): Promise<void>;
}

/** Says of a file what it is, under a name that says nothing to the header it stands in. @throws SwaliError `INTERNAL` */
export function describeFile(response: Response, { type, name }: Download, types: readonly string[]): void {
  if (!types.includes(type) || !/^[\w.-]+$/.test(name)) {
    throw new SwaliError('INTERNAL', { cause: new Error('the answer is no file of the kinds stated') });
  }
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.setHeader('Content-Disposition', `attachment; filename="${name}"`);
}

/**
 * Makes the way out for a file in chunks (RFC 9112 §7.1): only the last of them says that it is whole.
 *
 * @param types media types that the endpoint states
 * @param idleMs longest wait for the reader to take what was sent
 */
export function openFileOutlet(response: Response, types: readonly string[], idleMs: number): FileOutlet {
  const outflow = createOutflow(response, idleMs);
  return {
    async begin(download, headers, trailers) {
      // HTTP/1.0 has no chunks: the end of the connection would be the end of the file.
      if (response.req.httpVersion === '1.0') {
        throw new SwaliError('REQUEST_INVALID', { detail: 'files are sent by HTTP/1.1 and later' });
      }
      describeFile(response, download, types);
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('X-Accel-Buffering', 'no');
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (trailers.length > 0) response.setHeader('Trailer', trailers.join(', '));
      response.status(200);
    },
    write: (text) => outflow.write(text),
    async end(trailers) {
      if (Object.keys(trailers).length > 0) response.addTrailers(trailers);
      await outflow.end();
    },
  };
}
