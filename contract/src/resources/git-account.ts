import { z } from 'zod'
import { nameOf } from '../names.ts'
import { type GitHostName, gitHosts } from './trigger-event.ts'

/** Where the host is: its address without a path. */
export const hostUrl = z
  .string()
  .max(300)
  .regex(
    /^https?:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?\/?$/,
    'must be the address of the host alone: https://git.example.com',
  )
  .transform((url) => url.replace(/\/$/, '').toLowerCase())

const secretText = z.string().min(1).max(20_000)
const privateKey = secretText.regex(
  /^-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  'must be a private key in PEM form',
)

/** How Fairway signs in to read private repositories. */
export const gitAuth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({
    type: z.literal('token'),
    token: z
      .string()
      .min(1)
      .max(4000)
      .regex(/^[\x21-\x7e]+$/, 'must hold no spaces or control characters'),
    username: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[\x21-\x39\x3b-\x7e]+$/)
      .optional(),
  }),
  z.strictObject({ type: z.literal('deploy-key'), privateKey }),
  z.strictObject({
    type: z.literal('github-app'),
    appId: z.string().regex(/^\d{1,20}$/),
    installationId: z.string().regex(/^\d{1,20}$/),
    privateKey,
  }),
])
export type GitAuth = z.output<typeof gitAuth>

export const DEFAULT_HOST_URLS = {
  github: 'https://github.com',
  gitlab: 'https://gitlab.com',
  bitbucket: 'https://bitbucket.org',
} as const

/** What the host is told of builds: states of commits, comments on pull requests. It needs a token or a GitHub App. */
export const gitReporting = z.strictObject({ statuses: z.boolean(), comments: z.boolean() })
export type GitReporting = z.output<typeof gitReporting>
export const DEFAULT_REPORTING: GitReporting = { statuses: true, comments: false }

const apiUrl = z
  .string()
  .max(300)
  .regex(
    /^https?:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?(\/[\w.-]+)*\/?$/,
    'must be an address such as https://api.git.example.com',
  )
  .transform((url) => url.replace(/\/$/, ''))
  .describe('where the API of the host is; absent: as the host has it by default')

const knownHosts = z
  .string()
  .max(20_000)
  .regex(
    /^([^\s#@|]\S* (ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]{20,}={0,2}( [^\n]*)?(\n|$))*$/,
    'must be lines of a known_hosts file, with plain host names',
  )
  .describe('host keys for deploy keys; recorded on the first connection; empty: forget them')

const webhookSecret = z.string().min(16).max(200).describe('absent: one is made')

/** An account at a git host. Its credentials are sent to `baseUrl` only; its webhook speaks of repositories there only. */
export const gitAccountBody = z
  .strictObject({
    name: nameOf(2, 54),
    host: z.enum(gitHosts),
    baseUrl: hostUrl.optional(),
    apiUrl: apiUrl.optional(),
    auth: gitAuth.default({ type: 'none' }),
    reporting: gitReporting.partial().optional(),
    knownHosts: knownHosts.optional(),
    webhookSecret: webhookSecret.optional(),
  })
  .refine((body) => body.baseUrl !== undefined || body.host in DEFAULT_HOST_URLS, {
    message: 'is required for this kind of host',
    path: ['baseUrl'],
  })
  .refine((body) => body.auth.type !== 'github-app' || body.host === 'github', {
    message: 'github-app is for the host github',
    path: ['auth', 'type'],
  })
export type GitAccountBody = z.output<typeof gitAccountBody>

/** What is absent stays. */
export const gitAccountPatch = z.strictObject({
  auth: gitAuth.optional(),
  apiUrl: apiUrl.nullable().optional(),
  reporting: gitReporting.partial().optional(),
  knownHosts: knownHosts.optional(),
  webhookSecret: webhookSecret.optional(),
})
export type GitAccountPatch = z.output<typeof gitAccountPatch>

/** What git needs to sign in at `baseUrl`, in the clear. Never log it. */
export type GitCredentials =
  | { type: 'token'; baseUrl: string; username: string; token: string }
  | {
      type: 'deploy-key'
      baseUrl: string
      privateKey: string
      /** Lines of a known_hosts file: servers that were met before must show these keys. */
      knownHosts: string
      /** Keeps the keys of servers that were met for the first time. */
      remember(lines: string): Promise<void>
    }
  | {
      type: 'github-app'
      baseUrl: string
      apiUrl: string
      appId: string
      installationId: string
      privateKey: string
    }

/** Where the API of a host is: as set for the account, else where the host has it. Without a slash at its end. */
export function apiUrlOf({
  host,
  baseUrl,
  apiUrl,
}: {
  host: GitHostName
  baseUrl: string
  apiUrl: string | null
}): string {
  if (apiUrl !== null) return apiUrl
  const isHosted = baseUrl === DEFAULT_HOST_URLS[host as keyof typeof DEFAULT_HOST_URLS]
  switch (host) {
    case 'github':
      return isHosted ? 'https://api.github.com' : `${baseUrl}/api/v3`
    case 'gitlab':
      return `${baseUrl}/api/v4`
    case 'bitbucket':
      return isHosted ? 'https://api.bitbucket.org/2.0' : `${baseUrl}/rest/api/1.0`
    case 'gitea':
      return `${baseUrl}/api/v1`
    case 'generic':
      return baseUrl
  }
}
