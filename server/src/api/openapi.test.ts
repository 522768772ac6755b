import { describe, expect, test } from 'vitest'
import { docsPage } from './docs-page.ts'
import { openApiOf } from './openapi.ts'
import { routes } from './routes.ts'

const document = openApiOf(routes.map(({ contract }) => contract))

function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => (key === '$ref' ? [String(part)] : refsOf(part)))
}

describe('the OpenAPI document', () => {
  test('every reference leads to a schema', () => {
    const names = Object.keys(document.components.schemas)
    for (const ref of refsOf(document)) expect(names).toContain(ref.replace('#/components/schemas/', ''))
  })

  test('no two routes share an id or a place', () => {
    const ids = routes.map(({ contract }) => contract.id)
    const places = routes.map(({ contract }) => `${contract.method} ${contract.path}`)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(places).size).toBe(places.length)
  })

  test('every placeholder of a path is described', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const operation of Object.values(methods)) {
        const parameters = operation.parameters as { name: string; in: string }[]
        const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name)
        expect(named.sort(), path).toEqual(placeholders.sort())
      }
    }
  })

  test('is shown as a page that loads nothing from outside', () => {
    const { html, policy } = docsPage(document)
    expect(html).toContain('/v1/projects/{projectId}')
    expect(html).not.toMatch(/<script|(src|href)="https?:/)
    expect(policy).toContain("default-src 'none'")
  })
})
