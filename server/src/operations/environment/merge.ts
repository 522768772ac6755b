/**
 * Decides what a resource receives, purely. Groups are applied from low to high priority, so that the higher one
 * wins; of equal ones the later id wins. The resource's own values win over every group. `${OTHER_KEY}` inside a
 * value stands for another value of the same result.
 */
export type Source = {
  /** Group id, or `own`. */
  from: string
  priority: number
  variables: Readonly<Record<string, string>>
  files: Readonly<Record<string, string>>
  /** Secret mounts of builds by id, base64. */
  mounts?: Readonly<Record<string, string>>
}

export type Explained = { value: string; from: string; priority: number; overriding: string[] }

export type MergedEnvironment = {
  env: Record<string, string>
  /** By path, base64. */
  files: Record<string, string>
  mounts: Record<string, string>
  explained: Record<string, Explained>
}

export function mergeEnvironment(
  groups: readonly Source[],
  own: Omit<Source, 'priority'>,
): MergedEnvironment {
  const ordered = [...groups].sort((a, b) => a.priority - b.priority || a.from.localeCompare(b.from))
  const sources: Source[] = [...ordered, { ...own, priority: Number.POSITIVE_INFINITY }]
  const explained: Record<string, Explained> = {}
  const files: Record<string, string> = {}
  const mounts: Record<string, string> = {}
  for (const source of sources) {
    for (const [key, value] of Object.entries(source.variables))
      explained[key] = layer(explained[key], source, value)
    Object.assign(files, source.files)
    Object.assign(mounts, source.mounts)
  }
  const raw = Object.fromEntries(Object.entries(explained).map(([key, { value }]) => [key, value]))
  return { env: expandAll(raw), files, mounts, explained }
}

function layer(below: Explained | undefined, source: Source, value: string): Explained {
  const overriding = below === undefined ? [] : [...below.overriding, below.from]
  return { value, from: source.from, priority: source.priority, overriding }
}

const REFERENCE = /\$\{([a-zA-Z0-9_./-]+)\}/g

/** Expands references; an unknown name or one that leads back to itself stays as it is written. */
function expandAll(raw: Readonly<Record<string, string>>): Record<string, string> {
  const expand = (value: string, seen: readonly string[]): string =>
    value.replace(REFERENCE, (written, name: string) => {
      const target = Object.hasOwn(raw, name) ? raw[name] : undefined
      if (target === undefined || seen.includes(name)) return written
      return expand(target, [...seen, name])
    })
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, expand(value, [key])]))
}

/** Whether a group's restrictions let this resource inherit it. */
export function appliesTo(
  restrictions: {
    restricted: boolean
    nfObjects: readonly { id: string; type: 'service' | 'job' }[]
    tags: readonly string[]
    tagMatchCondition: 'or' | 'and'
  },
  resource: { kind: 'service' | 'job'; id: string; tags: readonly string[] },
): boolean {
  if (!restrictions.restricted) return true
  if (restrictions.nfObjects.some(({ id, type }) => id === resource.id && type === resource.kind)) return true
  if (restrictions.tags.length === 0) return false
  const has = (tag: string): boolean => resource.tags.includes(tag)
  return restrictions.tagMatchCondition === 'and' ? restrictions.tags.every(has) : restrictions.tags.some(has)
}
