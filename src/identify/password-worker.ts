import { compare, hash } from 'bcryptjs';
import { type JudgedPassword, judgePassword } from './judge-password.js';

/** Runs in a worker thread: bcrypt would hold the event loop for hundreds of milliseconds. */
export function hashInWorker(task: { readonly password: string; readonly cost: number }): Promise<string> {
  return hash(task.password, task.cost);
}

/** Runs in a worker thread. */
export function compareInWorker(task: { readonly password: string; readonly digest: string }): Promise<boolean> {
  return compare(task.password, task.digest);
}

/** Runs in a worker thread: zxcvbn would hold the event loop as long. */
export function judgeInWorker(task: JudgedPassword): Promise<string | null> {
  return judgePassword(task);
}
