import { compare, Range, SemVer } from 'semver'

/**
 * The tag of the highest version within a range; undefined when no tag fits. `v1.2.3` counts as 1.2.3, `1.2` and `1`
 * are no versions but names that move. Pre-releases, and variants such as `1.2.3-alpine`, fit only a range that names
 * one of the same version.
 */
export function chooseTag(tags: readonly string[], range: string): string | undefined {
  const wanted = new Range(range)
  const versions = tags.flatMap((tag) => {
    const version = readVersion(tag)
    return version !== undefined && wanted.test(version) ? [{ tag, version }] : []
  })
  // Two spellings of one version must not take turns.
  versions.sort((a, b) => compare(b.version, a.version) || (a.tag < b.tag ? -1 : 1))
  return versions[0]?.tag
}

const VERSION = /^v?(\d{1,15}\.\d{1,15}\.\d{1,15}(-[0-9A-Za-z.-]+)?)$/

function readVersion(tag: string): SemVer | undefined {
  const text = VERSION.exec(tag)?.[1]
  if (text === undefined) return undefined
  try {
    return new SemVer(text)
  } catch {
    // The expression lets through what only the library refuses, such as 01.2.3: a tag like any other.
    return undefined
  }
}
