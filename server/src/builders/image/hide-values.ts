import type { BuildRequest } from '../../reconcile/builder-port.ts'

/** Shorter values stand in too many lines by chance. */
const SHORTEST = 6
/** A step's name as BuildKit prints it: `#5 [2/3] RUN …`, ` > [2/3] RUN …`, and what it says when one fails. */
const NAMES_STEP = /^#\d+ \[|^ *> \[|\[\/bin\/|process "|executor failed/

/**
 * Hides values in a line of a build's output. BuildKit prints a step with its arguments filled in: they become `$NAME`
 * again. A secret mount is blanked out wherever it stands, line by line. Pure.
 */
export function hideValues({ arguments: given, secrets }: Pick<BuildRequest, 'arguments' | 'secrets'>) {
  const names = longestFirst(Object.entries(given).map(([name, value]) => [value, `$${name}`]))
  const mounts = longestFirst(
    Object.values(secrets).flatMap((value) =>
      [value, ...value.split(/\r?\n/)].map((part): [string, string] => [part, '***']),
    ),
  )
  return (line: string): string => {
    const shown = replaceEach(line, mounts)
    return NAMES_STEP.test(line) ? replaceEach(shown, names) : shown
  }
}

const longestFirst = (pairs: [string, string][]): [string, string][] =>
  pairs.filter(([value]) => value.trim().length >= SHORTEST).sort(([a], [b]) => b.length - a.length)

const replaceEach = (line: string, pairs: readonly [string, string][]): string =>
  pairs.reduce((rest, [value, instead]) => rest.replaceAll(value, () => instead), line)
