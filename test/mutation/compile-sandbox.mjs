// Stryker's `buildCommand`: turns the mutated copy of the repository into JavaScript beside its sources, without checking
// types, and gives its tests collected-tests.mjs instead of vitest.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = process.cwd();
const TOOLS = join(root, 'test/mutation');
const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };

for (const folder of ['src', 'test'])
  for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.d.ts')) continue;
    const path = join(root, folder, file);
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions: options, fileName: path });
    const tests = `./${relative(join(path, '..'), join(TOOLS, 'collected-tests.mjs'))}`;
    // What src/ keeps by object from one use to the next is forgotten between mutants: see quick-runner.mjs.
    const text =
      folder === 'src'
        ? outputText.replaceAll('new WeakMap(', 'new (globalThis.ForgetfulMap ?? WeakMap)(')
        : outputText.replaceAll("from 'vitest'", `from '${tests}'`);
    writeFileSync(path.replace(/\.ts$/, '.js'), text);
  }
