import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * Headers of every answer. The page loads its own script and style and nothing else; no inline script, no frame, no
 * form target elsewhere.
 *
 * @param https whether people reach the gateway by https: only then may a browser be told to insist on it
 */
export function createSecurityHeaders(https: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    strictTransportSecurity: https,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
}
