import { z } from 'zod'
import { gitopsStates } from '../resources/gitops.ts'
import { route } from '../route.ts'
import { flowParams, flowPath } from './release-flows.ts'

const tag = 'Release flows'
const path = `${flowPath}/gitops`

export const gitopsView = z
  .object({
    vcsService: z.string().optional(),
    accountLogin: z.string().optional(),
    repoUrl: z.string(),
    branch: z.string(),
    filePath: z.string(),
    state: z
      .enum(gitopsStates)
      .describe(
        'ahead: saved here and not yet in git. The last good document is in force whatever the state',
      ),
    message: z.string().nullable().describe('why it is not in-sync, and what to do'),
    line: z.number().nullable().describe('of the file'),
    lastCommitSeen: z.string().nullable().describe('the tip of the branch when it was last looked at'),
    lastApplied: z
      .object({ commit: z.string().nullable(), version: z.number() })
      .nullable()
      .describe('the commit and the version that last held the same document'),
    checkedAt: z.string().nullable(),
    sides: z
      .object({
        git: z.object({
          commit: z.string().nullable(),
          text: z.string().nullable().describe('null: no file'),
        }),
        fairway: z.object({ version: z.number(), text: z.string().describe('as it would be committed') }),
      })
      .nullable()
      .describe('both sides, while a person must decide'),
  })
  .meta({ id: 'ReleaseFlowGitops' })
export type GitopsView = z.input<typeof gitopsView>

export const getGitops = route({
  id: 'getReleaseFlowGitops',
  method: 'GET',
  path,
  summary: 'How the flow and its file in git stand. Link them by the field gitops of the flow',
  tag,
  permission: 'read',
  params: flowParams,
  reply: gitopsView,
})

export const syncGitops = route({
  id: 'syncReleaseFlowGitops',
  method: 'POST',
  path: `${path}/sync`,
  summary: 'Look at the file now, where no webhook tells of pushes',
  tag,
  permission: 'write',
  params: flowParams,
  reply: z.object({}),
  status: 202,
})

const decision = z
  .strictObject({
    commit: z
      .string()
      .optional()
      .describe('lastCommitSeen of the conflict that was looked at: 409 when the branch has moved since'),
  })
  .optional()

export const takeGit = route({
  id: 'takeGitReleaseFlowGitops',
  method: 'POST',
  path: `${path}/take-git`,
  summary: 'End a conflict with the file; the document stays as an older version',
  tag,
  permission: 'write',
  params: flowParams,
  body: decision,
  reply: z.object({}),
  status: 202,
})

export const takeFairway = route({
  id: 'takeFairwayReleaseFlowGitops',
  method: 'POST',
  path: `${path}/take-fairway`,
  summary: 'End a conflict with the document, which is committed on top of the branch',
  tag,
  permission: 'write',
  params: flowParams,
  body: decision,
  reply: z.object({}),
  status: 202,
})
