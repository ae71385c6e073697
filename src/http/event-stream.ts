import type { Response } from 'express';
import type { z } from 'zod';
import { SwaliError } from '../errors/swali-error.js';
import { createOutflow } from './outflow.js';

/** The events of an endpoint by name, each with the schema of its data. */
export type EventSchemas = Readonly<Record<string, z.ZodType>>;

/** Sends server-sent events. The answer begins with the first of them. */
export interface EventOutlet {
  /** Resolves when more can be taken. @throws SwaliError `EXECUTE_CANCELLED` where the reader is gone, `INTERNAL` for what fits no schema */
  send(name: string, data: unknown): Promise<void>;
  /** The same for what is small and keeps nobody waiting; what cannot be sent any more is dropped. */
  tell(name: string, data: unknown): void;
  /** After the last event. */
  end(): Promise<void>;
}

/** What streams are timed by, in milliseconds. */
export interface StreamTimes {
  /** Longest wait for the reader to take what was sent. */
  readonly idleMs: number;
  /** Between two signs of life while there is nothing to send: proxies close what is silent. */
  readonly heartbeatMs: number;
}

/** What ends a stream that has begun with a problem. */
const endings = new WeakMap<Response, (problem: object) => void>();

/**
 * Makes the way out for events (HTML standard, "Server-sent events"): one line of JSON each, numbered from 1, a comment as a
 * sign of life. Nothing is sent before the first event, so what fails before it has a status of its own.
 */
export function openEventStream(response: Response, schemas: EventSchemas, times: StreamTimes): EventOutlet {
  const outflow = createOutflow(response, times.idleMs);
  let count = 0;

  const begin = (): void => {
    response.status(200);
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Accel-Buffering', 'no');
    const heart = setInterval(() => {
      if (!response.writableNeedDrain && !response.writableEnded) response.write(': \n\n');
    }, times.heartbeatMs);
    response.once('close', () => clearInterval(heart));
    endings.set(response, (problem) => {
      clearInterval(heart);
      outflow
        .write(print('error', problem))
        .then(() => outflow.end())
        .catch(() => response.destroy());
    });
  };
  const print = (name: string, data: unknown): string => {
    count += 1;
    return `id: ${count}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  };
  const send = async (name: string, data: unknown): Promise<void> => {
    const checked = schemas[name]?.safeParse(data);
    if (!checked?.success) throw new SwaliError('INTERNAL', { cause: checked?.error ?? new Error(`no event ${name}`) });
    if (count === 0) begin();
    await outflow.write(print(name, checked.data));
  };
  return {
    send,
    tell: (name, data) => void send(name, data).catch(() => undefined),
    end: () => outflow.end(),
  };
}

/** Ends a stream that has begun with the event `error`. @returns false where the answer is none */
export function endWithProblem(response: Response, problem: object): boolean {
  const end = endings.get(response);
  end?.(problem);
  return end !== undefined;
}
