import { invalid } from '@fairway/contract/errors'
import { isWholeCommand } from '../lib/split-command.ts'

type Start = { customEntrypoint?: string | undefined; customCommand?: string | undefined } | undefined

/** Refuses a start command that cannot be split into arguments; guessing what it means would run something else. */
export function checkCommand(deployment: { docker?: Start; buildpack?: Start } | undefined): void {
  for (const kind of ['docker', 'buildpack'] as const) {
    for (const field of ['customEntrypoint', 'customCommand'] as const) {
      if (isWholeCommand(deployment?.[kind]?.[field] ?? '')) continue
      throw invalid(`deployment.${kind}.${field}`, 'has a quote that is not closed, or ends with a backslash')
    }
  }
}
