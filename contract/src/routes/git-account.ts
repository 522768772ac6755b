import { z } from 'zod'
import { resourceId } from '../names.ts'
import { gitAccountBody, gitAccountPatch, gitReporting } from '../resources/git-account.ts'
import { gitHosts } from '../resources/trigger-event.ts'
import { route } from '../route.ts'

const tag = 'Git accounts'
const one = z.object({ accountId: resourceId })

/** An account without its credentials. */
export const gitAccountView = z.object({
  id: z.string(),
  name: z.string(),
  host: z.enum(gitHosts),
  baseUrl: z.string(),
  auth: z.object({
    type: z.enum(['none', 'token', 'deploy-key', 'github-app']),
    username: z.string().optional(),
    appId: z.string().optional(),
    installationId: z.string().optional(),
  }),
  apiUrl: z.string().describe('where statuses and comments are sent'),
  reporting: gitReporting,
  knownHosts: z.string().nullable().describe('host keys of ssh servers, recorded on the first connection'),
  webhook: z.object({
    id: z.string(),
    path: z.string().describe('below the address of this API'),
    lastDeliveryAt: z.string().nullable(),
  }),
  createdAt: z.string(),
  updatedAt: z.string(),
})
export type GitAccountView = z.input<typeof gitAccountView>

const base = '/integrations/vcs'

export const listGitAccounts = route({
  id: 'listGitAccounts',
  method: 'GET',
  path: base,
  summary: 'List the accounts at git hosts',
  tag,
  permission: 'read',
  reply: z.object({ accounts: z.array(gitAccountView) }),
  paginated: true,
})

export const createGitAccount = route({
  id: 'createGitAccount',
  method: 'POST',
  path: base,
  summary: 'Add an account at a git host and its webhook. The secret of the webhook is answered only here',
  tag,
  permission: 'admin',
  body: gitAccountBody,
  reply: gitAccountView.extend({ webhookSecret: z.string() }),
  status: 201,
})

export const getGitAccount = route({
  id: 'getGitAccount',
  method: 'GET',
  path: `${base}/{accountId}`,
  summary: 'An account at a git host',
  tag,
  permission: 'read',
  params: one,
  reply: gitAccountView,
})

export const patchGitAccount = route({
  id: 'patchGitAccount',
  method: 'PATCH',
  path: `${base}/{accountId}`,
  summary: 'Replace the credentials of an account, the secret of its webhook, or what it reports',
  tag,
  permission: 'admin',
  params: one,
  body: gitAccountPatch,
  reply: gitAccountView,
})

export const deleteGitAccount = route({
  id: 'deleteGitAccount',
  method: 'DELETE',
  path: `${base}/{accountId}`,
  summary: 'Remove an account. Its webhook answers 404 from now on',
  tag,
  permission: 'admin',
  params: one,
  reply: z.object({}),
})

/** One thing that the host was told, or shall be. */
export const hostReportView = z.object({
  id: z.string(),
  kind: z.enum(['status', 'comment']),
  repository: z.string(),
  sha: z.string().nullable().describe('of a status'),
  pullRequestId: z.number().nullable().describe('of a comment'),
  context: z.string(),
  projectId: z.string(),
  subject: z.object({ kind: z.enum(['build', 'release-run', 'trigger']), id: z.string() }),
  state: z.enum(['pending', 'success', 'failure', 'error']).nullable().describe('of a status'),
  text: z.string(),
  url: z.string().nullable(),
  status: z.enum(['pending', 'sent', 'failed']),
  attempts: z.number(),
  error: z.string().nullable().describe('of the last attempt'),
  createdAt: z.string(),
  updatedAt: z.string(),
  sentAt: z.string().nullable(),
})
export type HostReportView = z.input<typeof hostReportView>

export const listHostReports = route({
  id: 'listHostReports',
  method: 'GET',
  path: `${base}/{accountId}/reports`,
  summary:
    'What the host of an account was told: states of commits and comments on pull requests, newest first',
  tag,
  permission: 'read',
  params: one,
  query: z.object({ status: z.enum(['pending', 'sent', 'failed']).optional() }),
  reply: z.object({ reports: z.array(hostReportView) }),
  paginated: true,
})
