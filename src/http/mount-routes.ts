import type { Express } from 'express';
import { SwaliError } from '../errors/swali-error.js';
import type { ApiRoute } from './create-api-handler.js';
import { answerPreflight, type IsListedOrigin } from './widget-access.js';

/**
 * Mounts endpoints; a known path with another method answers 405 and says which it takes. Where pages of other origins
 * may call one, its path also answers their preflights.
 *
 * @param isListedOrigin whether pages of an origin may be let in at all; none where left out
 */
export function mountRoutes(
  app: Express,
  routes: readonly ApiRoute[],
  isListedOrigin: IsListedOrigin = async () => false,
): void {
  const paths = new Map(routes.map((route) => [route.path, routes.filter((each) => each.path === route.path)]));
  for (const [path, ofPath] of paths) {
    const mounted = app.route(path);
    for (const { method, handlers } of ofPath) {
      const verb = ({ GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const)[method];
      mounted[verb](...handlers);
    }
    const methods = ofPath.filter(({ statement }) => statement.widget).map(({ method }) => method);
    const taken = ofPath.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    const allowed = [...taken, ...(methods.length > 0 ? ['OPTIONS'] : [])].join(', ');
    mounted.all(async (request, response) => {
      if (request.method === 'OPTIONS' && methods.length > 0)
        return answerPreflight(request, response, { methods, allowed }, isListedOrigin);
      response.setHeader('Allow', allowed);
      throw new SwaliError('METHOD_NOT_ALLOWED');
    });
  }
}
