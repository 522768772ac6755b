import { z } from 'zod'

/** A path inside the repository, from its root. It may not leave the repository. */
export const repositoryPath = z
  .string()
  .min(1)
  .max(260)
  .regex(/^\/[^\0\\]*$/, 'must start with /')
  .refine((path) => !path.split('/').includes('..'), 'may not leave the repository ("..")')

const storage = z
  .strictObject({
    ephemeralStorage: z.strictObject({ storageSize: z.int().min(1024).optional() }).optional(),
  })
  .optional()

const buildkit = z
  .strictObject({
    useCache: z.boolean().optional(),
    cacheStorageSize: z.int().optional(),
    useInternalCache: z.boolean().optional(),
    internalCacheStorage: z.int().optional(),
  })
  .optional()

/**
 * How a build is made. Without `dockerfile` and `buildpack` it is found out from the code. Builds that make no images
 * use the build context alone.
 */
export const buildSettings = z
  .strictObject({
    storage,
    dockerfile: z
      .strictObject({
        buildEngine: z.enum(['buildkit', 'kaniko']).optional(),
        dockerFilePath: repositoryPath.default('/Dockerfile'),
        dockerWorkDir: repositoryPath.default('/'),
        useCache: z.boolean().optional(),
        buildkit,
      })
      .optional(),
    buildpack: z
      .strictObject({
        builder: z.string().max(50).optional(),
        buildpackLocators: z.array(z.string().max(500)).max(20).optional(),
        buildContext: repositoryPath.default('/'),
        useCache: z.boolean().optional(),
      })
      .optional(),
  })
  .refine((value) => value.dockerfile === undefined || value.buildpack === undefined, {
    message: 'has either dockerfile or buildpack',
    path: ['dockerfile'],
  })
export type BuildSettings = z.output<typeof buildSettings>

/** The build context of these settings, `/` being the root of the repository. */
export const buildContextOf = (settings: BuildSettings | undefined): string =>
  settings?.dockerfile?.dockerWorkDir ?? settings?.buildpack?.buildContext ?? '/'

export const DEFAULT_CI_IGNORE_FLAGS = [
  '[skip ci]',
  '[ci skip]',
  '[no ci]',
  '[skip nf]',
  '[nf skip]',
  '[northflank skip]',
  '[skip northflank]',
] as const

const patterns = z.array(z.string().min(1).max(260)).max(200)

/** A line of a .gitignore that says something. */
export const pathRule = z
  .string()
  .min(1)
  .max(260)
  .superRefine((rule, context) => {
    const problem = pathRuleProblem(rule)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })

function pathRuleProblem(rule: string): string | undefined {
  if (/\p{Cc}/u.test(rule)) return 'must not hold line breaks or control characters'
  if (rule.startsWith('#')) return 'would be a comment; write "\\#" for a name that starts with "#"'
  const pattern = rule.replace(/^!/, '')
  if (/^[\s/]*$/.test(pattern)) return 'must name a path'
  if (/(^|[^\\])(\\\\)*\\$/.test(pattern)) return 'must not end with "\\"'
  const open = pattern.replaceAll(/\\./g, '').replaceAll(/\[!?\^?\]?[^\]]*\]/g, '')
  return open.includes('[') ? 'has a "[" that is not closed' : undefined
}

/** Which commits are built. `prRestrictions` and `branchRestrictions` are for build services. */
export const buildConfiguration = z.strictObject({
  prRestrictions: patterns.optional(),
  branchRestrictions: patterns.optional(),
  crossProjectAccess: z
    .strictObject({ enabled: z.boolean(), projects: z.array(z.string()), isAllowList: z.boolean() })
    .optional(),
  pathIgnoreRules: z.array(pathRule).max(200).optional(),
  isAllowList: z.boolean().optional(),
  ciIgnoreFlagsEnabled: z.boolean().optional(),
  ciIgnoreFlags: z.array(z.string().min(1).max(72)).max(50).optional(),
  abortOutdatedBuilds: z
    .boolean()
    .optional()
    .describe('ours: a newer push aborts the build of its branch that runs, not only those that wait'),
  dockerfileTarget: z.string().max(200).optional(),
  dockerCredentials: z.array(z.string()).max(20).optional(),
  includeGitFolder: z.boolean().optional(),
  fullGitClone: z.boolean().optional(),
  enableGitLfs: z.boolean().optional(),
  storage,
})
export type BuildConfiguration = z.output<typeof buildConfiguration>
