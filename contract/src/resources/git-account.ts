import { z } from 'zod'
import { nameOf } from '../names.ts'
import { gitHosts } from './trigger-event.ts'

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

const webhookSecret = z.string().min(16).max(200).describe('absent: one is made')

/** An account at a git host. Its credentials are sent to `baseUrl` only; its webhook speaks of repositories there only. */
export const gitAccountBody = z
  .strictObject({
    name: nameOf(2, 54),
    host: z.enum(gitHosts),
    baseUrl: hostUrl.optional(),
    auth: gitAuth.default({ type: 'none' }),
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
  webhookSecret: webhookSecret.optional(),
})
export type GitAccountPatch = z.output<typeof gitAccountPatch>

/** What git needs to sign in at `baseUrl`, in the clear. Never log it. */
export type GitCredentials =
  | { type: 'token'; baseUrl: string; username: string; token: string }
  | { type: 'deploy-key'; baseUrl: string; privateKey: string }
  | { type: 'github-app'; baseUrl: string; appId: string; installationId: string; privateKey: string }
