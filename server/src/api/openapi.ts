import { errorCatalogue } from '@fairway/contract/errors'
import type { RouteContract } from '@fairway/contract/route'
import { z } from 'zod'
import { pageQuery } from './page.ts'

type Json = { [key: string]: unknown }

export type OpenApi = {
  openapi: '3.1.0'
  info: Json
  servers: Json[]
  security: Json[]
  paths: Record<string, Record<string, Json>>
  components: { securitySchemes: Json; schemas: Record<string, unknown> }
}

/** The OpenAPI 3.1 document of these routes. Pure: everything comes from the contracts. */
export function openApiOf(contracts: readonly RouteContract[]): OpenApi {
  const schemas: Record<string, unknown> = { Error: errorSchema, Pagination: paginationSchema }
  const paths: OpenApi['paths'] = {}
  for (const contract of contracts) {
    const path = `/v1${contract.path}`
    paths[path] = { ...paths[path], [contract.method.toLowerCase()]: operationOf(contract, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairway',
      version: 'v1',
      description:
        'Every route is also there under `/v1/teams/{teamId}`. Send `Authorization: Bearer <token>`. ' +
        'Answers hold `data` and, for lists, `pagination`; errors hold `error {status, message, id, details}`.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } }, schemas },
  }
}

function operationOf(contract: RouteContract, schemas: Record<string, unknown>): Json {
  const body = contract.body && schemaOf(contract.body, 'input', contract.id, schemas)
  return {
    operationId: contract.id,
    summary: contract.summary,
    tags: [contract.tag],
    description: permissionText[contract.permission],
    ...(contract.permission === 'none' && { security: [] }),
    parameters: [
      ...parametersOf(contract.params, 'path', contract.id),
      ...parametersOf(contract.query, 'query', contract.id),
      ...(contract.paginated ? parametersOf(pageQuery, 'query', contract.id) : []),
    ],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      [String(contract.status ?? 200)]: answerOf(contract, schemas),
      default: {
        description: 'The request was refused; `error.id` is one of the codes.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

const permissionText = {
  none: 'Needs no token.',
  read: 'Needs a token that may read.',
  write: 'Needs a token that may write.',
  admin: 'Needs an admin token.',
} as const

function answerOf(contract: RouteContract, schemas: Record<string, unknown>): Json {
  const data = schemaOf(contract.reply, 'output', `${contract.id}Reply`, schemas)
  if (contract.stream) {
    return {
      description: 'Server-sent events; each `data` line is JSON.',
      content: { 'text/event-stream': { schema: data } },
    }
  }
  const properties = {
    data,
    ...(contract.paginated && { pagination: { $ref: '#/components/schemas/Pagination' } }),
  }
  const schema = { type: 'object', properties, required: ['data'] }
  return { description: contract.summary, content: { 'application/json': { schema } } }
}

function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query', id: string): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input', id, {}) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }))
}

/** The JSON schema of a zod schema; what is recursive or named becomes a component, under the route's name. */
function schemaOf(
  schema: z.ZodType,
  io: 'input' | 'output',
  owner: string,
  components: Record<string, unknown>,
): Json {
  const {
    $schema: _,
    $defs = {},
    ...root
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json & {
    $defs?: Record<string, unknown>
  }
  const nameOf = (key: string): string => `${owner}.${key.replace(/^__/, '')}`
  const selfReferring = JSON.stringify([root, $defs]).includes('"$ref":"#"')
  const moved = (part: unknown): unknown =>
    JSON.parse(
      JSON.stringify(part)
        .replaceAll('"$ref":"#"', `"$ref":"#/components/schemas/${owner}"`)
        .replaceAll(
          /"\$ref":"#\/\$defs\/([^"]+)"/g,
          (_all, key: string) => `"$ref":"#/components/schemas/${nameOf(key)}"`,
        ),
    )
  for (const [key, part] of Object.entries($defs)) components[nameOf(key)] = moved(part)
  if (!selfReferring) return moved(root) as Json
  components[owner] = moved(root)
  return { $ref: `#/components/schemas/${owner}` }
}

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['status', 'message', 'id', 'details'],
      properties: {
        status: { type: 'integer' },
        message: { type: 'string', description: 'One sentence that says what to do' },
        id: { enum: Object.keys(errorCatalogue) },
        details: {
          type: 'object',
          description: '`problems [{field, rule}]` for a request that breaks rules',
        },
      },
    },
  },
}

const paginationSchema = {
  type: 'object',
  required: ['hasNextPage', 'count'],
  properties: {
    hasNextPage: { type: 'boolean' },
    cursor: { type: 'string' },
    count: { type: 'integer', description: 'How many this answer holds' },
  },
}
