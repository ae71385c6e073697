import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { isReachedInPlain, type Reach } from './reached-in-plain.js';

/** How long a browser insists on https, in seconds: a year, as OWASP ASVS 5 (3.4.1) and the preload lists ask. */
const HSTS_MAX_AGE_S = 31_536_000;

/** What the page uses of none of which: whoever got a script into it would get none of these. */
const PERMISSIONS_POLICY = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'display-capture',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/**
 * Headers of every answer. The page loads its own script and style and nothing else; no inline script, no frame, no
 * form target elsewhere. Nothing is kept by caches, unless its endpoint says so.
 *
 * @param options.https whether people reach the gateway by https: only then may a browser be told to insist on it, and only
 *   in an answer that goes there by https (RFC 6797 §7.2)
 * @param options.preload whether the makers of browsers may list the host
 */
export function createSecurityHeaders(
  options: { readonly https: boolean; readonly preload: boolean } & Reach,
): RequestHandler {
  const common = createHelmet(false);
  const strict = createHelmet({ maxAge: HSTS_MAX_AGE_S, includeSubDomains: true, preload: options.preload });
  return (request, response, next) => {
    response.setHeader('Permissions-Policy', PERMISSIONS_POLICY);
    response.setHeader('Cache-Control', 'no-store');
    const handler = options.https && !isReachedInPlain(request, options) ? strict : common;
    handler(request, response, next);
  };
}

function createHelmet(
  strictTransportSecurity: false | { maxAge: number; includeSubDomains: boolean; preload: boolean },
): ReturnType<typeof helmet> {
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
    strictTransportSecurity,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
}
