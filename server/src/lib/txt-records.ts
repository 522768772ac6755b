import { Resolver } from 'node:dns/promises'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from './has-code.ts'

/** What the TXT records of a name say; none when there are none. `timed_out` when DNS does not answer. */
export async function lookUpTxt(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 })
  try {
    return (await resolver.resolveTxt(name)).map((parts) => parts.join(''))
  } catch (cause) {
    if (hasCode(cause, 'ENOTFOUND', 'ENODATA')) return []
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FairwayError('timed_out', `DNS does not say what ${name} holds. Try again in a minute.`, {
      detail: why,
      cause,
    })
  }
}
