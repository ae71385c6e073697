import type { OpenedSource } from './opened-source.js';
import { openSqliteSource } from './sqlite-source.js';

export interface OpenSourceOptions {
  readonly url: string;
}
export async function openSource(options: OpenSourceOptions): Promise<OpenedSource> {
  return openSqliteSource({ path: options.url.replace(/^sqlite:/, ''), size: 2, queueLimit: 64 });
}
