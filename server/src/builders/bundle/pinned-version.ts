import { FairwayError } from '@fairway/contract/errors'

const EXACT = /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,64})?$/

/**
 * The version that `packageManager` names of this manager, without its hash; undefined when it names another or none.
 * Raises `build_failed` for what is no exact version: it becomes part of a command.
 */
export function managerVersion(manager: string, packageManager: string | undefined): string | undefined {
  const at = packageManager?.indexOf('@') ?? -1
  const name = at < 0 ? packageManager : packageManager?.slice(0, at)
  if (packageManager === undefined || name !== manager) return undefined
  const [version = ''] = packageManager.slice(name.length + 1).split('+')
  if (EXACT.test(version)) return version
  throw new FairwayError(
    'build_failed',
    `The field packageManager of package.json must name an exact version, as in "${manager}@1.2.3"; it holds ${JSON.stringify(packageManager.slice(0, 100))}.`,
  )
}

/** The first number of an exact version. */
export const majorOf = (version: string): number => Number(version.split('.')[0])

/** The settings of `npm exec` for a package manager. What it unpacks is run, so builds do not share it. */
export const execEnv = ({ home }: { home: string }) => ({
  npm_config_cache: `${home}/.npm-exec`,
  npm_config_audit: 'false',
})
