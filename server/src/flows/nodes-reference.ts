import { type KindEntry, kinds } from '@fairway/contract/nodes/kinds'
import { z } from 'zod'

const INTRO = `# Steps of a release flow

Written from the table of kinds by \`npm run reference\`; do not edit.

Every step may have:

| field | what it does |
|---|---|
| \`ref\` | the name by which later steps read what this one answered: \`\${refs.<ref>.<field>}\` |
| \`condition\` | wait until this holds; left out: start it and go on. Only where a kind lists it |
| \`timeoutDuration\` | seconds until it counts as failed; also on the document, for every step |
| \`skipNodeExecution\` | the step is skipped when this is true; may be an expression |
| \`settings\` | \`{maxAttempts, backoff: {type: "fixed", delay}}\` for unexpected errors; default 3 attempts, 60 seconds apart; also on the document |

Any number, boolean, choice or list may be a \`\${...}\` expression: see [functions](functions.md).
`

/** The reference page of all kinds of steps, as Markdown. */
export function nodesReference(): string {
  return [INTRO, ...kinds.map(sectionOf)].join('\n')
}

function sectionOf(entry: KindEntry): string {
  const facts = [
    `Condition: ${entry.condition === null ? 'none' : `\`${entry.condition}\``}.`,
    `Time: ${entry.timeoutSeconds === null ? 'as long as its steps' : `${entry.timeoutSeconds} seconds`}.`,
    entry.outputs.length === 0 ? '' : `Answers: ${entry.outputs.map((name) => `\`${name}\``).join(', ')}.`,
  ].filter((fact) => fact !== '')
  const head = `## ${entry.kind}\n\n${entry.uiName}. ${entry.doc}\n\n${facts.join(' ')}\n`
  const rows = fieldsOf(entry)
  return rows.length === 0 ? head : `${head}\n| field | type | |\n|---|---|---|\n${rows.join('\n')}\n`
}

type Schema = {
  type?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  additionalProperties?: Schema | boolean
}

/** The fields of a kind's spec, one table row each, from its schema. */
function fieldsOf(entry: KindEntry): string[] {
  const schema = z.toJSONSchema(entry.spec, { io: 'input', unrepresentable: 'any' }) as Schema
  return rowsOf(schema, '')
}

function rowsOf(schema: Schema, prefix: string): string[] {
  const variants = schema.oneOf ?? schema.anyOf
  if (variants !== undefined) return variants.flatMap((variant) => variantRows(variant, prefix))
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`
    const required = schema.required?.includes(name) ? ', required' : ''
    const row = `| \`${path}\` | ${typeOf(field)}${required} | ${field.description ?? ''} |`
    return [row, ...inner(field, path)]
  })
}

/** A variant that is chosen by a fixed value begins with that value. */
function variantRows(variant: Schema, prefix: string): string[] {
  const chosen = Object.entries(variant.properties ?? {}).find(([, field]) => field.const !== undefined)
  if (chosen === undefined) return rowsOf(variant, prefix)
  const [name, field] = chosen
  const rest = { ...variant, properties: { ...variant.properties } }
  delete rest.properties[name]
  return [`| **\`${prefix}${name}\`: \`${String(field.const)}\`** | | |`, ...rowsOf(rest, prefix)]
}

function inner(field: Schema, path: string): string[] {
  if (field.type === 'array' && field.items !== undefined) return rowsOf(field.items, `${path}[].`)
  return rowsOf(field, `${path}.`)
}

function typeOf(field: Schema): string {
  if (field.const !== undefined) return `\`${String(field.const)}\``
  if (field.enum !== undefined) return field.enum.map((choice) => `\`${String(choice)}\``).join(' ')
  if (field.type === 'integer') return `${field.minimum} to ${field.maximum}`
  if (field.type === 'array') return 'list'
  if (field.oneOf !== undefined || field.properties !== undefined) return 'object'
  if (field.additionalProperties !== undefined && field.type === 'object') return 'map'
  return field.type === 'string' ? 'text' : (field.type ?? 'text')
}
