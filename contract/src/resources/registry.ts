import { z } from 'zod'
import { nameOf, resourceId } from '../names.ts'

export const registryProviders = [
  'acr',
  'ecr',
  'gar',
  'dockerhub',
  'dhi',
  'github',
  'gitlab',
  'custom',
  'legacy',
] as const
export type RegistryProvider = (typeof registryProviders)[number]

/** Where a provider's images are, for those with one place. */
export const providerHosts: Partial<Record<RegistryProvider, string>> = {
  dockerhub: 'docker.io',
  dhi: 'dhi.io',
  github: 'ghcr.io',
  gitlab: 'registry.gitlab.com',
}

/** Whose registry a host is. */
export function providerOf(host: string): RegistryProvider {
  for (const [provider, own] of Object.entries(providerHosts))
    if (host === own) return provider as RegistryProvider
  if (host.startsWith('registry.gitlab')) return 'gitlab'
  if (host.endsWith('.amazonaws.com')) return 'ecr'
  if (host.endsWith('.azurecr.io')) return 'acr'
  return host.endsWith('.pkg.dev') ? 'gar' : 'custom'
}

const username = z.string().min(1).max(500)
const password = z.string().min(1).max(10_000)
const scope = z.strictObject({ pull: z.boolean().default(true), push: z.boolean().default(false) })

const restrictions = z.strictObject({
  restricted: z.boolean().describe('only the named projects may use it'),
  projects: z.array(resourceId).max(500).default([]),
})

/** Credentials of an image registry. The id is the name in small letters with dashes. */
export const registryBody = z
  .strictObject({
    name: nameOf(3, 39),
    provider: z.enum(registryProviders),
    registryUrl: z
      .string()
      .max(300)
      .regex(
        /^(https?:\/\/)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(\/[A-Za-z0-9._/-]*)?$/,
        'must be a host such as registry.example.com:5000, or its address',
      )
      .optional(),
    credentials: z.strictObject({ username, password, scope: scope.prefault({}) }),
    restrictions: restrictions.default({ restricted: false, projects: [] }),
  })
  .superRefine(({ provider, registryUrl }, context) => {
    if (registryUrl !== undefined || providerHosts[provider] !== undefined) return
    context.addIssue({ code: 'custom', path: ['registryUrl'], message: `is required for ${provider}` })
  })
export type RegistryBody = z.output<typeof registryBody>

/** Absent parts stay as they are. */
export const registryPatch = z.strictObject({
  credentials: z
    .strictObject({
      username,
      password,
      scope: z.strictObject({ pull: z.boolean(), push: z.boolean() }).partial(),
    })
    .partial()
    .optional(),
  restrictions: restrictions.optional(),
})
export type RegistryPatch = z.output<typeof registryPatch>

/** Without the password, which is never shown. */
export const registryView = z.object({
  id: z.string(),
  name: z.string(),
  provider: z.enum(registryProviders),
  registryUrl: z.string(),
  credentials: z.object({
    username: z.string(),
    scope: z.object({ pull: z.boolean(), push: z.boolean() }),
  }),
  restrictions: z.object({ restricted: z.boolean(), projects: z.array(z.string()) }),
  createdAt: z.string(),
  updatedAt: z.string(),
})
