import type { Ask } from '../ask.js';
import type { AskContext } from '../ask-context.js';
import type { Principal } from '../domain/principal.js';
import type { ReportContent, ReportKind, ReportParameter } from '../domain/report.js';
import { checkQuestion } from '../translate/check-question.js';
import { namesInQuestion } from './fill-question.js';
import { checkParameters, refuseReport, sampleValues } from './parameters.js';

const MAX_TITLE_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 2000;

/**
 * Checks what an owner saves: its words and parameters, and its text. SQL is sealed as the owner, and nothing is run; so what
 * they may not read, they do not save.
 *
 * @param about.id of the report: the record of the check names it
 * @param about.claims names of claims, which no parameter may have
 * @throws SwaliError `REPORT_INVALID`; `TRANSLATE_QUESTION_INVALID` for a question that is none; for SQL what `Ask.dryRun`
 *   throws
 */
export async function checkReport(
  kind: ReportKind,
  stated: ReportContent,
  about: {
    readonly id: string;
    readonly owner: Principal;
    readonly context: AskContext;
    readonly ask: Pick<Ask, 'dryRun'>;
    readonly claims: ReadonlySet<string>;
  },
): Promise<ReportContent> {
  const content = {
    title: checkTitle(stated.title),
    description: checkDescription(stated.description),
    text: kind === 'question' ? checkQuestion(stated.text) : stated.text.trim(),
    parameters: checkParameters(stated.parameters, about.claims),
  };
  const { text, parameters } = content;
  if (kind === 'question') {
    assertSame(namesInQuestion(text), parameters, 'the question');
    return content;
  }
  const report = { id: about.id, slots: sampleValues(parameters) };
  const sealed = await about.ask.dryRun(text, about.owner, { ...about.context, report });
  // What the statement never reads is dropped by the seal, and a parameter with it.
  const used = sealed.parameters.flatMap(({ origin, name }) => (origin === 'slot' && name !== null ? [name] : []));
  assertSame(used, parameters, 'the SQL');
  return content;
}

/** Every place has a parameter, and every parameter a place. */
function assertSame(used: readonly string[], parameters: readonly ReportParameter[], what: string): void {
  const unused = parameters.find(({ name }) => !used.includes(name));
  if (unused) refuseReport(`${unused.name}: ${what} does not use it`);
  const undeclared = used.find((name) => parameters.every((each) => each.name !== name));
  if (undeclared !== undefined)
    refuseReport(`${what} has a place for ${undeclared || 'nothing'}, which is not declared`);
}

function checkTitle(text: string): string {
  const title = text.normalize('NFC').trim();
  if (title === '' || [...title].length > MAX_TITLE_CHARACTERS || /\p{C}/u.test(title))
    refuseReport(`the title has 1 to ${MAX_TITLE_CHARACTERS} characters, none of them invisible`);
  return title;
}

/** Of several lines, perhaps. */
function checkDescription(text: string): string {
  const description = text.normalize('NFC').trim();
  if ([...description].length > MAX_DESCRIPTION_CHARACTERS || /[^\P{C}\n\r\t]/u.test(description))
    refuseReport(`the description has ${MAX_DESCRIPTION_CHARACTERS} characters at most, none of them invisible`);
  return description;
}
