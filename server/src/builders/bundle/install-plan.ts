import { FairwayError } from '@fairway/contract/errors'
import { LOCK_FILES, type LockFile, type LockFiles } from './lock-files.ts'
import { type PackageFacts, type PackageStep, planNpm } from './package-plan.ts'
import { planPnpm } from './pnpm-plan.ts'
import { planYarn } from './yarn-plan.ts'

/** Absolute folders that the steps of one build may write to. */
export type PackagePlaces = {
  /** HOME of the steps, of this build alone. */
  home: string
  /** Of what was downloaded and is checked when it is used. */
  cache: string
}

export type PackagePlan = {
  steps: PackageStep[]
  /** Paths of what the package manager notes for itself, with times and folders of this one build. */
  notes: readonly string[]
}

type Manager = 'npm' | 'pnpm' | 'yarn'

const MANAGERS: Readonly<Partial<Record<LockFile, Manager>>> = {
  'package-lock.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
}

/**
 * What makes a package ready to start, by the package manager whose lock file it has. Of several lock files, the field
 * `packageManager` names one, else npm's counts before pnpm's before yarn's. Raises `build_failed` for a lock file of
 * bun alone and for a `packageManager` that is no exact version. Pure.
 */
export function planPackage(facts: PackageFacts, locks: LockFiles, places: PackagePlaces): PackagePlan {
  const present = LOCK_FILES.filter((name) => locks[name] !== undefined)
  const chosen = choose(present, facts.packageManager)
  const plan = planWith(chosen, { facts, locks, places })
  const ignored = present.filter((name) => name !== chosen)
  return ignored.length === 0 || chosen === undefined
    ? plan
    : { ...plan, steps: withNote(plan.steps, severalSentence(chosen, ignored)) }
}

function choose(present: readonly LockFile[], packageManager: string | undefined): LockFile | undefined {
  const usable = present.filter((name) => MANAGERS[name] !== undefined)
  if (usable.length === 0 && present.length > 0) throw onlyBun(present)
  const wanted = packageManager?.split('@')[0]
  return usable.find((name) => MANAGERS[name] === wanted) ?? usable[0]
}

const onlyBun = (present: readonly LockFile[]): FairwayError =>
  new FairwayError(
    'build_failed',
    `The only lock file is ${present.join(' and ')}, and repositories of bun are not built by themselves. Commit a package-lock.json, or add a Dockerfile.`,
  )

type Planning = { facts: PackageFacts; locks: LockFiles; places: PackagePlaces }

function planWith(chosen: LockFile | undefined, { facts, locks, places }: Planning): PackagePlan {
  const manager = chosen === undefined ? 'npm' : MANAGERS[chosen]
  const lock = chosen === undefined ? '' : (locks[chosen] ?? '')
  if (manager === 'pnpm') return planPnpm(facts, lock, places)
  if (manager === 'yarn') return planYarn(facts, lock, places)
  return { steps: planNpm(facts, chosen !== undefined), notes: [] }
}

const severalSentence = (chosen: LockFile, ignored: readonly LockFile[]): string =>
  `Warning: there are several lock files. ${chosen} is used, ${ignored.join(' and ')} ${ignored.length > 1 ? 'are' : 'is'} ignored. Keep one, or name the package manager in the field packageManager of package.json.`

function withNote([first, ...rest]: PackageStep[], note: string): PackageStep[] {
  if (first === undefined) return []
  return [{ ...first, note: first.note === undefined ? note : `${note} ${first.note}` }, ...rest]
}
