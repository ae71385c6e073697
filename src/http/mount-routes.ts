import type { Express } from 'express';
import { SwaliError } from '../errors/swali-error.js';
import type { ApiRoute } from './create-api-handler.js';

/** Mounts endpoints; a known path with another method answers 405 and says which it takes. */
export function mountRoutes(app: Express, routes: readonly ApiRoute[]): void {
  const paths = new Map(routes.map((route) => [route.path, routes.filter((each) => each.path === route.path)]));
  for (const [path, ofPath] of paths) {
    const mounted = app.route(path);
    for (const { method, handlers } of ofPath) {
      const verb = ({ GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const)[method];
      mounted[verb](...handlers);
    }
    const allowed = ofPath.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
    mounted.all((_request, response) => {
      response.setHeader('Allow', allowed);
      throw new SwaliError('METHOD_NOT_ALLOWED');
    });
  }
}
