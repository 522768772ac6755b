import { FairwayError } from '@fairway/contract/errors'
import { type FlowDocument, flowArguments, type RunRequest, runRequest } from '@fairway/contract/flow'
import { z } from 'zod'

type Given = Readonly<Record<string, unknown>>

/** Of a query every value is text. */
const triggerFields = z.strictObject({
  branch: z.string().min(1).max(255).optional(),
  sha: z
    .string()
    .regex(/^[0-9a-f]{7,40}$/, 'must be 7 to 40 hexadecimal digits')
    .optional(),
  pullRequestId: z.coerce.number().int().min(1).optional(),
  repoUrl: z.string().min(1).max(2000).optional(),
})

const labels = z.object({ name: runRequest.shape.name, description: runRequest.shape.description })

type Problem = { field: string; rule: string }
type Part<T> = { value: T; problems: Problem[] }

/**
 * What a call of a flow's webhook starts it with. `name` and `description` label the run, `<trigger>.branch`, `.sha`,
 * `.pullRequestId` and `.repoUrl` replace what that trigger gives, every other name is an argument. The query wins over
 * the body. 400 names each value that cannot be taken.
 */
export function readWebhookValues(document: FlowDocument, query: Given, body: unknown): RunRequest {
  const { name, description, ...rest } = { ...readBody(body), ...query }
  const entries = Object.entries(rest)
  const label = checked(labels, { name, description }, '')
  const overrides = readOverrides(
    document,
    entries.filter(([key]) => key.includes('.')),
  )
  const given = readArguments(entries.filter(([key]) => !key.includes('.')))
  const problems = [label, overrides, given].flatMap((part) => part.problems)
  if (problems.length > 0) throw refusal(problems)
  return {
    ...label.value,
    ...(Object.keys(given.value).length > 0 && { arguments: given.value }),
    ...(Object.keys(overrides.value).length > 0 && { overrides: overrides.value }),
  }
}

function readBody(body: unknown): Given {
  if (body === undefined || body === null) return {}
  if (typeof body === 'object' && !Array.isArray(body)) return body as Given
  throw new FairwayError('invalid_request', 'The body must be a JSON object of names and values.')
}

function readOverrides(
  { triggers }: FlowDocument,
  entries: readonly [string, unknown][],
): Part<NonNullable<RunRequest['overrides']>> {
  const refs = new Set((triggers ?? []).flatMap(({ ref }) => ref ?? []))
  const byRef = new Map<string, Record<string, unknown>>()
  const problems: Problem[] = []
  for (const [key, value] of entries) {
    const dot = key.indexOf('.')
    const ref = key.slice(0, dot)
    if (refs.has(ref)) byRef.set(ref, { ...byRef.get(ref), [key.slice(dot + 1)]: value })
    else problems.push({ field: key, rule: `no trigger of this flow has the ref "${ref}"` })
  }
  const parts = [...byRef].map(([ref, fields]) => [ref, checked(triggerFields, fields, `${ref}.`)] as const)
  return {
    value: Object.fromEntries(parts.map(([ref, { value }]) => [ref, value])) as NonNullable<
      RunRequest['overrides']
    >,
    problems: [...problems, ...parts.flatMap(([, part]) => part.problems)],
  }
}

function readArguments(entries: readonly [string, unknown][]): Part<NonNullable<RunRequest['arguments']>> {
  const parts = entries.map(([key, value]) => checked(flowArguments, { [key]: value }, ''))
  return {
    value: Object.assign({}, ...parts.map(({ value }) => value)),
    problems: parts.flatMap(({ problems }) => problems),
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, prefix: string): Part<T> {
  const read = schema.safeParse(value)
  if (read.success) return { value: read.data, problems: [] }
  const problems = read.error.issues.map(({ path, message, ...issue }) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : []
    return { field: `${prefix}${[...path, ...keys].join('.')}`, rule: message }
  })
  return { value: {} as T, problems }
}

const SHOWN = 5

const refusal = (problems: readonly Problem[]): FairwayError =>
  new FairwayError(
    'invalid_request',
    problems
      .slice(0, SHOWN)
      .map(({ field, rule }) => `${field}: ${rule}`)
      .join('; '),
    { problems },
  )
