import { useParams } from '@tanstack/react-router'

/** The named parts of this page's address. Throws when the route has none of that name: a mistake of ours. */
export function usePathParams<const Names extends readonly string[]>(
  ...names: Names
): Record<Names[number], string> {
  const params = useParams({ strict: false }) as Record<string, string | undefined>
  const entries = names.map((name): [string, string] => {
    const value = params[name]
    if (value === undefined) throw new Error(`the address of this page has no ${name}`)
    return [name, value]
  })
  return Object.fromEntries(entries) as Record<Names[number], string>
}
