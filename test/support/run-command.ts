import { Readable, Writable } from 'node:stream';
import { runProgram } from '../../src/cli/program.js';

/** Runs one command line in this process, as the operator does. */
export async function runCommand(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  input = '',
): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (lines: string[]) =>
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
  const stdin = Readable.from([input]);
  const { signal } = new AbortController();
  const code = await runProgram(args, { env, stdin, stdout: into(out), stderr: into(err), signal });
  return { code, out: out.join(''), err: err.join('') };
}
