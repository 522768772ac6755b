import { z } from 'zod'
import { branchName, gitUrl } from './git.ts'

const FILE_PATH = /^\/([a-zA-Z0-9-._]+\/)*[a-zA-Z0-9-._]+$/

/** Where the file of a linked document lies. */
export const gitopsFilePath = z
  .string()
  .max(500)
  .regex(FILE_PATH, 'must be an absolute path of letters, digits, - . and _')
  .refine((path) => !path.split('/').some((part) => /^(\.|\.\.|\.git|-.*)$/i.test(part)), {
    error: 'must not hold the parts ".", ".." or ".git", nor one that starts with "-"',
  })

/** The file that a document is kept the same as, in Northflank's names. */
export const gitopsSettings = z.strictObject({
  vcsService: z.enum(['bitbucket', 'gitlab', 'github', 'self-hosted', 'azure']).optional(),
  selfHostedVcsId: z.string().max(200).optional(),
  accountLogin: z.string().max(200).optional(),
  vcsLinkId: z.string().max(200).optional().describe('Old name of accountLogin.'),
  repoUrl: gitUrl,
  branch: branchName,
  filePath: gitopsFilePath,
})
export type GitopsSettings = z.output<typeof gitopsSettings>

/** `ahead`: saved here and not yet in git. The last good document stays in force whatever the state. */
export const gitopsStates = ['pending', 'in-sync', 'ahead', 'conflict', 'invalid', 'unreachable'] as const
export type GitopsState = (typeof gitopsStates)[number]

export const gitopsSides = ['git', 'fairway'] as const
export type GitopsSide = (typeof gitopsSides)[number]
