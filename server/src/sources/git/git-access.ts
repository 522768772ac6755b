import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
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
  if (credentials.type === 'deploy-key') return isHttp ? OPEN : sshAccess(credentials.privateKey)
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

async function sshAccess(privateKey: string): Promise<GitAccess> {
  const { file, close } = await privateFile('key', `${privateKey.trimEnd()}\n`)
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=15',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=accept-new',
  ]
  return {
    env: { GIT_SSH_COMMAND: `ssh -i '${file}' ${options.map((option) => `-o ${option}`).join(' ')}` },
    close,
  }
}

async function privateFile(name: string, text: string): Promise<{ file: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-git-access-'))
  const file = join(folder, name)
  await writeFile(file, text, { mode: 0o600 })
  return { file, close: () => rm(folder, { recursive: true, force: true }) }
}

type App = Extract<GitCredentials, { type: 'github-app' }>

/** A token of the installation, good for an hour. */
async function appToken({ baseUrl, appId, installationId, privateKey }: App): Promise<string> {
  const api = baseUrl === 'https://github.com' ? 'https://api.github.com' : `${baseUrl}/api/v3`
  // Large, and needed only where an App is used.
  const [{ createAppAuth }, { Octokit }] = await Promise.all([
    import('@octokit/auth-app'),
    import('@octokit/rest'),
  ])
  const { request } = new Octokit({ baseUrl: api })
  const auth = createAppAuth({
    appId,
    privateKey,
    installationId,
    request,
  })
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
