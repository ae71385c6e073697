import { SwaliError } from '../../src/errors/swali-error.js';

/** The code that a promise is refused with; `answered` where it is not. What is no refusal of ours is thrown. */
export async function codeOfPromise(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'answered';
  } catch (error) {
    if (error instanceof SwaliError) return error.code;
    throw error;
  }
}
