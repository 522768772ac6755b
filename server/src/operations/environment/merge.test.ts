import { describe, expect, test } from 'vitest'
import { appliesTo, mergeEnvironment, type Source } from './merge.ts'
import { secretPartsOf } from './secret-looking.ts'

const group = (from: string, priority: number, variables: Record<string, string>): Source => ({
  from,
  priority,
  variables,
  files: {},
})
const own = (variables: Record<string, string>) => ({ from: 'own', variables, files: {} })

describe('mergeEnvironment', () => {
  test('the higher priority wins, whatever the order the groups come in', () => {
    const groups = [group('high', 90, { A: 'high' }), group('low', 10, { A: 'low', B: 'low' })]
    expect(mergeEnvironment(groups, own({})).env).toEqual({ A: 'high', B: 'low' })
  })

  test("the resource's own value beats every group, and says what it overrides", () => {
    const merged = mergeEnvironment([group('g', 100, { A: 'group' })], own({ A: 'own' }))
    expect(merged.env.A).toBe('own')
    expect(merged.explained.A).toMatchObject({ from: 'own', overriding: ['g'] })
  })

  test('a value may be built from another one, also of a lower group', () => {
    const merged = mergeEnvironment([group('g', 1, { HOST: 'db' })], own({ URL: 'pg://${HOST}/x' }))
    expect(merged.env.URL).toBe('pg://db/x')
  })

  test('a circle of references ends, and unknown names stay as written', () => {
    const merged = mergeEnvironment([], own({ A: '${B}', B: '${A}', C: '${NOPE} ${constructor}' }))
    expect(merged.env).toEqual({ A: '${A}', B: '${B}', C: '${NOPE} ${constructor}' })
  })
})

describe('appliesTo', () => {
  const resource = { kind: 'service', id: 'web', tags: ['prod', 'eu'] } as const
  const restrictions = { restricted: true, nfObjects: [], tags: [], tagMatchCondition: 'or' } as const

  test('an unrestricted group reaches everything, a restricted one nothing by itself', () => {
    expect(appliesTo({ ...restrictions, restricted: false }, resource)).toBe(true)
    expect(appliesTo(restrictions, resource)).toBe(false)
  })

  test('a job of the same id is not the named service', () => {
    expect(appliesTo({ ...restrictions, nfObjects: [{ id: 'web', type: 'job' }] }, resource)).toBe(false)
    expect(appliesTo({ ...restrictions, nfObjects: [{ id: 'web', type: 'service' }] }, resource)).toBe(true)
  })

  test('tags match any by default, all on request', () => {
    const tags = ['prod', 'us']
    expect(appliesTo({ ...restrictions, tags }, resource)).toBe(true)
    expect(appliesTo({ ...restrictions, tags, tagMatchCondition: 'and' }, resource)).toBe(false)
  })
})

describe('secretPartsOf', () => {
  test('passwords are found by name, by look, and inside URLs', () => {
    expect(secretPartsOf('DB_PASSWORD', 'hunter22')).toEqual(['hunter22'])
    expect(secretPartsOf('X', 'a1b2c3d4e5f6a7b8c9')).toEqual(['a1b2c3d4e5f6a7b8c9'])
    expect(secretPartsOf('URL', 'postgres://u:p%40ssword@h/db')).toContain('p@ssword')
  })

  test('ordinary settings stay readable in logs', () => {
    expect(secretPartsOf('NODE_ENV', 'production')).toEqual([])
    expect(secretPartsOf('URL', 'https://example.com/a/b')).toEqual([])
    expect(secretPartsOf('VERSION', '1.20.3-rc.1+build.77')).toEqual([])
  })
})
