import { z } from 'zod'

const SCP_FORM = /^[A-Za-z0-9._][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?!\/\/)[^\s:-][^\s]*$/
const HOST = /^([A-Za-z0-9._~-]+(:[^@/\s]*)?@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:\d{1,5})?$/

/**
 * Why a git URL is not accepted, or undefined when it is: https, http, ssh (also `user@host:path`) and file. Anything git could
 * take for an option or a helper program is refused, and so is a password, which would be stored in the clear.
 */
export function gitUrlProblem(url: string): string | undefined {
  if (url.startsWith('-')) return 'must not start with "-"'
  if (url.length > 2000) return 'is too long'
  if (/[\s\p{Cc}]/u.test(url)) return 'must not hold spaces or control characters'
  if (url.includes('::')) return 'must not name a transport helper ("::")'
  if (SCP_FORM.test(url)) return undefined
  const match = /^(https?|ssh|file):\/\/([^/]*)(\/[^?#]*)([?#].*)?$/.exec(url)
  if (match === null) return 'must be an https, ssh or file URL of a git repository'
  const [, scheme, authority = '', path = '/', rest] = match
  if (rest !== undefined) return 'must not hold a query or a fragment'
  if (path === '/') return 'must name a repository'
  if (path.split('/').some((part) => part.startsWith('-'))) return 'must not hold a part that starts with "-"'
  if (scheme === 'file') return authority === '' ? undefined : 'must be file:///path'
  if (!HOST.test(authority)) return 'must name a host'
  if (/:[^@]*@/.test(authority)) return 'must not hold a password'
  return undefined
}

export const gitUrl = z.string().superRefine((url, context) => {
  const problem = gitUrlProblem(url)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

/** What git accepts as a branch name, and nothing that could be an option. */
export const branchName = z
  .string()
  .min(1)
  .max(250)
  .regex(
    /^(?![-/.])(?!.*(\.\.|\/\/|@\{|\/\.|\.lock(\/|$)))[^\s~^:?*[\\\p{Cc}]*[^\s~^:?*[\\/.\p{Cc}]$/u,
    'must be a git branch name',
  )

export const commitSha = z.string().regex(/^[0-9a-f]{40}$/, 'must be a full commit id: 40 hexadecimal digits')

/** Where the code of a service or job comes from. */
export const vcsData = z.strictObject({
  projectUrl: gitUrl,
  projectType: z.enum(['bitbucket', 'gitlab', 'github', 'self-hosted', 'azure']).default('self-hosted'),
  projectBranch: branchName.optional(),
  selfHostedVcsId: z.string().max(200).optional(),
  accountLogin: z.string().max(200).optional(),
  vcsLinkId: z.string().max(200).optional(),
})
export type VcsData = z.output<typeof vcsData>
/** The same where the branch must be known. */
export const vcsDataWithBranch = vcsData.extend({ projectBranch: branchName })
