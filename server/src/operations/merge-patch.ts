type Json = { [key: string]: unknown }

/** Fields of which only one may be set: a patch that sets one drops the others. */
const ALTERNATIVES = [
  ['internal', 'external', 'vcs'],
  ['dockerfile', 'buildpack'],
] as const

/**
 * `current` with the patch laid over it. Objects are merged, lists replaced, null removes, absent keeps.
 * Pure; neither argument is changed.
 */
export function mergePatch(current: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const kept = withoutReplaced(isObject(current) ? current : {}, patch)
  const merged: Json = { ...kept }
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(kept[key], value)
  }
  return merged
}

function withoutReplaced(current: Json, patch: Json): Json {
  const dropped = ALTERNATIVES.flatMap((group) => {
    const chosen = group.filter((key) => isObject(patch[key]))
    return chosen.length === 1 ? group.filter((key) => key !== chosen[0]) : []
  })
  return Object.fromEntries(Object.entries(current).filter(([key]) => !(dropped as string[]).includes(key)))
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
