import { AsyncLocalStorage } from 'node:async_hooks';

const requests = new AsyncLocalStorage<string>();

/** Runs work, and all that it leads to, as part of a request: the log then says so in every line. */
export function runInRequest<T>(requestId: string, work: () => T): T {
  return requests.run(requestId, work);
}

/** Id of the request that the running code is part of; null where it is part of none. */
export function currentRequestId(): string | null {
  return requests.getStore() ?? null;
}
