import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readDocument } from './read-document.ts'
import { writeDocument } from './write-document.ts'

const YAML = `# The way to production
apiVersion: v1.2
arguments:
    WHO: ann   # who goes first
spec:
    kind: Workflow
    spec:
        type: sequential
        steps:
            - kind: Approval  # by hand
              spec:
                  amount: 1
`

const documentOf = (amount: number, more: object = {}) => ({
  spec: { spec: { steps: [{ spec: { amount }, kind: 'Approval' }], type: 'sequential' }, kind: 'Workflow' },
  arguments: { WHO: 'ann' },
  apiVersion: 'v1.2',
  ...more,
})

describe('reading a file', () => {
  test.each([
    ['flow.json', '{\n  "a": 1,\n  "b": ]\n}', 3, /not valid JSON/],
    ['flow.json', '{\n  "a": 1,\n', 2, /not valid JSON/],
    ['flow.yaml', 'a: 1\nb:\n  - [\n', 4, /not valid YAML/],
    ['flow.yaml', 'a: 1\nb: 2\na: 3\n', 3, /unique/],
    ['flow.yaml', 'a: 1\n---\nb: 2\n', 2, /more than one/],
    ['flow.yaml', '- a\n', 1, /must hold an object/],
    ['flow.yaml', '', 1, /empty/],
    ['flow.json', '{\n  "apiVersion": "v1",\n  "argumentOverrides": {"T": "s"}\n}', 3, /never come from git/],
  ])('what is wrong with %s is told with its line: %j', (path, text, line, why) => {
    expect(readDocument(path, text)).toMatchObject({ ok: false, line, why: expect.stringMatching(why) })
  })

  test('the line of a path is told in YAML and JSON, and of the place above when it is missing', () => {
    const yaml = readDocument('a.yaml', YAML)
    const json = readDocument('a.json', JSON.stringify(documentOf(1), null, '\t'))
    if (!yaml.ok || !json.ok) throw new Error('not read')
    expect(yaml.lineOf('spec.spec.steps.0.spec.amount')).toBe(12)
    expect(yaml.lineOf('spec.spec.steps.0.spec.gone')).toBe(11)
    expect(yaml.lineOf('')).toBe(2)
    expect(json.lineOf('spec.spec.steps.0.spec.amount')).toBe(7)
  })

  test('neither nesting without end nor aliases that unfold without end stop the server', () => {
    for (const deep of ['[', '{a: ', '- ', '? '])
      expect(readDocument('a.yaml', deep.repeat(50_000))).toMatchObject({
        ok: false,
        why: 'The file is nested too deeply.',
      })
    expect(readDocument('a.json', '['.repeat(100_000)).ok).toBe(false)
    const bomb = ['a: &a0 [x,x,x,x,x,x,x,x,x]']
    for (let n = 1; n < 12; n += 1)
      bomb.push(
        `b${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(',')}]`,
      )
    expect(readDocument('a.yaml', bomb.join('\n')).ok).toBe(false)
  })
})

describe('writing a file', () => {
  test('YAML stays YAML with its indentation, order and comments; only what changed differs', () => {
    expect(writeDocument('a.yaml', YAML, documentOf(1))).toBe(
      YAML.replace('ann   #', 'ann # ').replace('#  ', '# ').replace('Approval  #', 'Approval #'),
    )
    const changed = writeDocument('a.yaml', YAML, documentOf(2, { description: 'New' }))
    expect(changed).toContain('# The way to production')
    expect(changed).toContain('kind: Approval # by hand')
    expect(changed).toContain('                  amount: 2')
    expect(parse(changed)).toEqual(documentOf(2, { description: 'New' }))
  })

  test('JSON stays JSON with its indentation and order', () => {
    const old = JSON.stringify(
      { apiVersion: 'v1.2', spec: documentOf(1).spec, arguments: { WHO: 'ann' } },
      null,
      '\t',
    )
    const text = writeDocument('a.json', old, documentOf(2))
    expect(text).toBe(`${old.replace('"amount": 1', '"amount": 2')}\n`)
  })

  test('a new file begins with what a person looks for first', () => {
    expect(writeDocument('a.json', null, documentOf(1)).split('\n')[1]).toBe('  "apiVersion": "v1.2",')
    expect(writeDocument('a.yml', null, documentOf(1))).toMatch(
      /^apiVersion: v1.2\narguments:\n {2}WHO: ann\nspec:\n/,
    )
  })

  test('line ends and the link of the file stay as they are', () => {
    const old = 'apiVersion: v1.2\r\ngitops:\r\n  branch: main\r\n'
    const text = writeDocument('a.yaml', old, documentOf(1))
    expect(text).toContain('gitops:\r\n  branch: main\r\n')
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test('whatever stood in the file, reading gives back what was written', () => {
    const value = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && key !== 'gitops' && key !== 'argumentOverrides'),
      fc.jsonValue({ maxDepth: 3 }),
    )
    const clean = (one: unknown) => JSON.parse(JSON.stringify(one))
    fc.assert(
      fc.property(value, value, fc.constantFrom('a.json', 'a.yaml'), (before, after, path) => {
        const old = writeDocument(path, null, clean(before))
        const read = readDocument(path, writeDocument(path, old, clean(after)))
        expect(read.ok && read.value).toEqual(clean(after))
      }),
      { numRuns: 300 },
    )
  })
})
