/** What the plain progress of a BuildKit build tells while it runs. */
export type BuildOutput = {
  /** Takes a line; answers it when it is worth showing. */
  take(line: string): string | undefined
  /** The step that failed with its last lines, or the last lines of all when no step did. */
  failure(): BuildFailure
}

export type BuildFailure = { step: string | undefined; reason: string; lines: string[]; diskFull: boolean }

const KEPT_LINES = 15
const STEP = /^#(\d+) (\[.*)$/
const OUTPUT = /^#(\d+) \d+\.\d+ (.*)$/
const ERROR = /^#(\d+) ERROR:? (.*)$/
const DIGEST = /^#\d+ sha256:[0-9a-f]{64}$/
const FULL = /no space left on device|ENOSPC|disk quota exceeded/i

/** Follows `--progress plain`: `#7 [2/3] RUN npm ci`, `#7 0.512 added 3 packages`, `#7 ERROR: …`. */
export function followBuildOutput(): BuildOutput {
  const names = new Map<string, string>()
  const outputs = new Map<string, string[]>()
  const all: string[] = []
  let failed: { id: string; reason: string } | undefined
  let diskFull = false

  const take = (line: string): string | undefined => {
    if (line === '' || DIGEST.test(line)) return undefined
    diskFull ||= FULL.test(line)
    keep(all, line)
    const [, stepId, name] = STEP.exec(line) ?? []
    if (stepId !== undefined && name !== undefined && !names.has(stepId)) names.set(stepId, name)
    const [, outputId, text] = OUTPUT.exec(line) ?? []
    if (outputId !== undefined && text !== undefined) keep(listOf(outputs, outputId), text)
    const [, errorId, reason] = ERROR.exec(line) ?? []
    if (errorId !== undefined && reason !== undefined) failed = betterOf(failed, { id: errorId, reason })
    return line
  }
  const failure = (): BuildFailure =>
    failed === undefined
      ? { step: undefined, reason: lastReason(all), lines: all, diskFull }
      : { step: names.get(failed.id), reason: failed.reason, lines: outputs.get(failed.id) ?? [], diskFull }
  return { take, failure }
}

/** Steps that ran beside the one that failed end as cancelled. */
const betterOf = (
  known: { id: string; reason: string } | undefined,
  next: { id: string; reason: string },
): { id: string; reason: string } => (known === undefined || /cancell?ed/i.test(known.reason) ? next : known)

const lastReason = (lines: readonly string[]): string =>
  (lines.at(-1) ?? 'nothing was said').replace(/^(?:ERROR: )?failed to solve(?: with frontend \S+)?: /, '')

function keep(lines: string[], line: string): void {
  lines.push(line)
  if (lines.length > KEPT_LINES) lines.shift()
}

function listOf(lists: Map<string, string[]>, id: string): string[] {
  const known = lists.get(id)
  if (known !== undefined) return known
  const list: string[] = []
  lists.set(id, list)
  return list
}

/** One sentence for people: which step failed and what it said last. */
export function failureSentence({ step, reason, lines }: BuildFailure): string {
  const what = step === undefined ? `The build failed: ${reason}` : `The step "${step}" failed: ${reason}`
  const said = step === undefined ? [] : lines
  return said.length === 0 ? `${what}.` : `${what}. Its last lines:\n${said.join('\n')}`
}
