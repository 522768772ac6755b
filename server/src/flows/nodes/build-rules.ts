import type { BuildSpec } from '@fairway/contract/nodes/build'

const USUAL_FLAGS = [
  '[skip ci]',
  '[ci skip]',
  '[no ci]',
  '[skip nf]',
  '[nf skip]',
  '[northflank skip]',
  '[skip northflank]',
]

/**
 * Why the build rules reject a commit, or undefined. Only flags in the commit's message are looked at: which files
 * a commit changes is known only to a git host, so path rules let every commit through.
 */
export function rejectionOf(
  rules: BuildSpec['buildRules'],
  { sha, message }: { sha: string; message: string },
): string | undefined {
  if (rules === undefined || rules.ciIgnoreFlagsEnabled !== true) return undefined
  const flag = (rules.ciIgnoreFlags ?? USUAL_FLAGS).find((candidate) => message.includes(candidate))
  if (flag === undefined) return undefined
  return `The message of commit ${sha.slice(0, 12)} holds "${flag}", which the build rules reject.`
}
