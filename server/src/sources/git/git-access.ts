import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { GitCredentials } from '@fairway/contract/resources/git-account'

/** Who may sign in at a repository; undefined for a public one. */
export type CredentialsOf = (url: string) => Promise<GitCredentials | undefined>

export const noCredentials: CredentialsOf = async () => undefined

/** Variables for git, and how to remove the files they name. */
export type GitAccess = { env: Readonly<Record<string, string>>; close(): Promise<void> }

const OPEN: GitAccess = { env: {}, close: async () => undefined }

/** Answers a prompt for the host it is meant for, and nothing to a host that git was redirected to. */
const ASKPASS = `#!/bin/sh
case "$1" in
  "Username for '$FAIRWAY_GIT_HOST"*) printf '%s\\n' "$FAIRWAY_GIT_USER" ;;
  "Password for '"*"@$FAIRWAY_GIT_PLACE"[/\\']*) printf '%s\\n' "$FAIRWAY_GIT_TOKEN" ;;
  *) exit 1 ;;
esac
`

/** Runs work with what git needs to sign in: a program that answers its prompts, or a key file. Never an argument. */
export async function withAccess<T>(
  url: string,
  credentials: GitCredentials | undefined,
  work: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const access = credentials === undefined ? OPEN : await openAccess(url, credentials)
  try {
    return await work(access.env)
  } finally {
    await access.close()
  }
}

async function openAccess(url: string, credentials: GitCredentials): Promise<GitAccess> {
  const isHttp = /^https?:\/\//i.test(url)
  if (credentials.type === 'deploy-key') return isHttp ? OPEN : sshAccess(url, credentials)
  if (!isHttp) return OPEN
  if (credentials.type === 'token') return httpAccess(credentials)
  return httpAccess({ ...credentials, username: 'x-access-token', token: await appToken(credentials) })
}

async function httpAccess({
  baseUrl,
  username,
  token,
}: {
  baseUrl: string
  username: string
  token: string
}): Promise<GitAccess> {
  const { file, close } = await privateFile('askpass', ASKPASS)
  await chmod(file, 0o700)
  const place = baseUrl.replace(/^https?:\/\//, '')
  return {
    env: {
      GIT_ASKPASS: file,
      FAIRWAY_GIT_HOST: baseUrl,
      FAIRWAY_GIT_PLACE: place,
      FAIRWAY_GIT_USER: username,
      FAIRWAY_GIT_TOKEN: token,
    },
    close,
  }
}

type DeployKey = Extract<GitCredentials, { type: 'deploy-key' }>

/** A server that is met for the first time is believed, and must show the same host key ever after. */
async function sshAccess(url: string, { privateKey, knownHosts, remember }: DeployKey): Promise<GitAccess> {
  const { file, close } = await privateFile('key', `${privateKey.trimEnd()}\n`)
  const hostsFile = `${file}-hosts`
  await writeFile(hostsFile, knownHosts, { mode: 0o600 })
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=15',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `UserKnownHostsFile=${hostsFile}`,
    'GlobalKnownHostsFile=/dev/null',
    'HashKnownHosts=no',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    `StrictHostKeyChecking=${isKnown(url, knownHosts) ? 'yes' : 'accept-new'}`,
  ]
  const shown = options.map((option) => `-o '${option}'`).join(' ')
  return {
    env: { GIT_SSH_COMMAND: `ssh -F /dev/null -i '${file}' ${shown}` },
    close: async () => {
      try {
        const before = new Set(knownHosts.split('\n'))
        const lines = (await readFile(hostsFile, 'utf8')).split('\n').filter((line) => !before.has(line))
        if (lines.length > 0) await remember(lines.join('\n'))
      } finally {
        await close()
      }
    },
  }
}

/** Whether a known_hosts file has a key of the server of an ssh URL. */
function isKnown(url: string, knownHosts: string): boolean {
  const match = /^[a-z0-9+]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)(?::(\d+))?/i.exec(url)
  const host = (match?.[1] ?? /^(?:[^@/\s]+@)?([^:/\s]+):/.exec(url)?.[1] ?? '').toLowerCase()
  const bare = host.replace(/^\[|\]$/g, '')
  const name = match?.[2] === undefined || match[2] === '22' ? bare : `[${bare}]:${match[2]}`
  return knownHosts.split('\n').some((line) => line.split(' ')[0]?.split(',').includes(name))
}

async function privateFile(name: string, text: string): Promise<{ file: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-git-access-'))
  const file = join(folder, name)
  await writeFile(file, text, { mode: 0o600 })
  return { file, close: () => rm(folder, { recursive: true, force: true }) }
}

type App = Extract<GitCredentials, { type: 'github-app' }>

type AppAuth = (options: { type: 'installation' }) => Promise<{ token: string }>

/** Each keeps its token until that ends, so that not every look at a repository asks for a new one. */
const apps = new Map<string, AppAuth>()
const MOST_APPS = 50

/** A token of the installation, good for an hour. */
async function appToken(app: App): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(app)).digest('hex')
  const auth = apps.get(key) ?? (await openApp(app))
  if (apps.size >= MOST_APPS) apps.clear()
  apps.set(key, auth)
  try {
    return (await auth({ type: 'installation' })).token
  } catch (cause) {
    throw new FairwayError(
      'repository_unreachable',
      'GitHub did not let the App sign in. Check its id, installation and private key.',
      { cause },
    )
  }
}

async function openApp({ apiUrl: baseUrl, appId, installationId, privateKey }: App): Promise<AppAuth> {
  // Large, and needed only where an App is used.
  const [{ createAppAuth }, { Octokit }] = await Promise.all([
    import('@octokit/auth-app'),
    import('@octokit/rest'),
  ])
  const { request } = new Octokit({ baseUrl, log: QUIET, request: { fetch: fetchInTime } })
  return createAppAuth({ appId, privateKey, installationId, request })
}

const nothing = () => undefined
const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing }

const fetchInTime: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: AbortSignal.timeout(15_000) })
