import { z } from 'zod'
import { description, nameOf, resourceId } from '../names.ts'

const variableKey = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-zA-Z0-9_./-]+$/, 'may hold letters, digits and _ - / .')

/** Values become strings: numbers and booleans are what people write in JSON and mean as text. */
export const variables = z.record(
  variableKey,
  z.union([z.string(), z.number(), z.boolean()]).transform(String),
)

const filePath = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) => !path.split('/').includes('..') && !path.includes('\0'),
    'may not leave its folder ("..")',
  )

export const secretFiles = z.record(
  filePath,
  z.strictObject({
    data: z.base64().describe('the content, base64'),
    encoding: z.enum(['utf-8', 'base64']).default('utf-8'),
  }),
)

const mountId = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'may hold letters, digits and _ . -, 128 at most')

const mounted = z.union([
  z.string().transform((text) => ({ data: base64Of(text), encoding: 'utf-8' as const })),
  z.strictObject({
    data: z.base64().describe('the content, base64'),
    encoding: z.enum(['utf-8', 'base64']).default('utf-8'),
  }),
])

const base64Of = (text: string): string => btoa(String.fromCodePoint(...new TextEncoder().encode(text)))

/** By id, for `RUN --mount=type=secret,id=…` of a Dockerfile. A plain string is the content itself. */
export const dockerSecretMounts = z.record(mountId, mounted)

export const secretRestrictions = z.strictObject({
  restricted: z.boolean().default(false),
  nfObjects: z.array(z.strictObject({ id: resourceId, type: z.enum(['service', 'job']) })).default([]),
  tags: z.array(z.string()).default([]),
  tagMatchCondition: z.enum(['or', 'and']).default('or'),
})

export const addonDependency = z.strictObject({
  addonId: resourceId,
  keys: z
    .array(z.strictObject({ keyName: z.string().min(1), aliases: z.array(variableKey).default([]) }))
    .default([]),
})

export const secretValues = z.strictObject({
  variables: variables.default({}),
  files: secretFiles.default({}),
  dockerSecretMounts: dockerSecretMounts.default({}),
})

/** The body of create and put. */
export const secretGroupBody = z.strictObject({
  name: nameOf(3, 100),
  description,
  type: z.enum(['secret', 'config']).default('secret'),
  secretType: z.enum(['environment-arguments', 'environment', 'arguments']).default('environment'),
  priority: z.int().min(0).max(100).default(10),
  restrictions: secretRestrictions.default({
    restricted: false,
    nfObjects: [],
    tags: [],
    tagMatchCondition: 'or',
  }),
  secrets: secretValues.optional(),
  addonDependencies: z.array(addonDependency).default([]),
  tags: z.array(z.string()).default([]),
})

export type SecretGroupBody = z.infer<typeof secretGroupBody>
/** What is kept in the clear: everything but the values. */
export type SecretGroupSpec = Omit<SecretGroupBody, 'name' | 'description' | 'secrets'>
export type SecretValues = z.infer<typeof secretValues>
