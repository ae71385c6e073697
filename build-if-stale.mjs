// Brings dist/ up to date for `npm start`, `npm run swali` and `npm test`: translates each source that is newer than its
// output, without checking types (`npm run build` and CI do). `isolatedModules` and `verbatimModuleSyntax` in
// tsconfig.json make that the same output as the compiler's. A second start finds nothing to do and loads no compiler.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(fileURLToPath(import.meta.url));
const SOURCES = join(ROOT, 'src');
const CONFIG = join(ROOT, 'tsconfig.json');

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const outputOf = (file) => join(ROOT, 'dist', file.replace(/\.ts$/, '.js'));
const configChangedAt = changedAt(CONFIG);

const stale = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .filter((file) => changedAt(outputOf(file)) < Math.max(changedAt(join(SOURCES, file)), configChangedAt));

if (stale.length > 0) {
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(CONFIG, (path) => readFileSync(path, 'utf8'));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  // package.json says "type": "module"; a file translated by itself does not see that.
  const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
  let failed = false;
  for (const file of stale) {
    const { outputText, sourceMapText, diagnostics } = ts.transpileModule(readFileSync(join(SOURCES, file), 'utf8'), {
      compilerOptions,
      fileName: join(SOURCES, file),
      reportDiagnostics: true,
    });
    for (const { messageText } of diagnostics) {
      failed = true;
      console.error(`src/${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    }
    const output = outputOf(file);
    mkdirSync(dirname(output), { recursive: true });
    // The map first: once the output is there it counts as fresh. Whole or not at all: others may be starting from it.
    const sources = [relative(dirname(output), join(SOURCES, file))];
    replaceFile(`${output}.map`, JSON.stringify({ ...JSON.parse(sourceMapText ?? '{}'), sources }));
    replaceFile(output, outputText);
  }
  if (failed) process.exitCode = 1;
}

function replaceFile(path, text) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}
