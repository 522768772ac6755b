import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { openGit } from './app-git.ts'
import { transaction } from './db/db.ts'
import { withTestDb } from './db/test-db.ts'
import { createHostReporter } from './hosts/host-reporter.ts'
import { createSealer } from './lib/seal.ts'
import { createGitAccount } from './operations/git-accounts/save.ts'
import { startGitServer, type TestGitServer } from './sources/git/test-git-server.ts'

const sealer = createSealer(Buffer.alloc(32, 6))
const { signal } = new AbortController()
const APP = { appId: '1234', installationId: '42' }
const pairOf = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })

type Claims = { iss: string | number; iat: number; exp: number }

/** GitHub's side of an App: gives a token of the installation to who signs with the App's key, and takes statuses for it. */
class AppHost {
  readonly issued: string[] = []
  readonly statuses: unknown[] = []
  readonly #publicKey: string
  constructor(publicKey: string) {
    this.#publicKey = publicKey
  }

  password = (): string => this.issued.at(-1) ?? 'no token was issued'

  answer = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!request.url?.startsWith('/api/v3/')) return false
    const { status, body } = this.#api(request.url, request.headers.authorization ?? '')
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    return true
  }

  #api(url: string, authorization: string): { status: number; body: unknown } {
    if (url.startsWith('/api/v3/repos/acme/shop/statuses/')) {
      if (authorization !== `token ${this.password()}`)
        return { status: 401, body: { message: 'Bad credentials' } }
      this.statuses.push(url)
      return { status: 201, body: {} }
    }
    if (url !== `/api/v3/app/installations/${APP.installationId}/access_tokens`)
      return { status: 404, body: {} }
    const claims = this.#verified(authorization.replace(/^bearer /i, ''))
    if (claims === undefined || String(claims.iss) !== APP.appId)
      return { status: 401, body: { message: 'A JSON web token could not be decoded' } }
    this.issued.push(`ghs_${this.issued.length}`)
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    return {
      status: 201,
      body: { token: this.password(), expires_at, permissions: {}, repository_selection: 'all' },
    }
  }

  /** RS256, not expired, and good for ten minutes at most, as GitHub wants it. */
  #verified(jwt: string): Claims | undefined {
    const [head = '', payload = '', signature = ''] = jwt.split('.')
    const isSigned = createVerify('RSA-SHA256')
      .update(`${head}.${payload}`)
      .verify(this.#publicKey, Buffer.from(signature, 'base64url'))
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
    const now = Date.now() / 1000
    return isSigned && claims.iat <= now && claims.exp > now && claims.exp - claims.iat <= 660
      ? claims
      : undefined
  }
}

type World = { host: AppHost; server: TestGitServer; privateKey: string; clone(): Promise<string> }

async function withApp(work: (world: World) => Promise<void>, { key }: { key?: string } = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-github-app-'))
  const pair = pairOf()
  const host = new AppHost(pair.publicKey)
  const server = await startGitServer(folder, {
    user: 'x-access-token',
    password: host.password,
    answer: host.answer,
  })
  try {
    const sha = await makeRepository(join(folder, 'acme', 'shop.git'))
    const privateKey = key ?? pair.privateKey
    await withTestDb(async (db) => {
      const auth = { type: 'github-app', ...APP, privateKey } as const
      const body = { name: 'hub', host: 'github', baseUrl: server.url, auth } as const
      await transaction(db, (tx) => createGitAccount(tx, body, { sealer, actor: 'tester' }))
      const { source } = openGit({ db, sealer, root: join(folder, 'cache') })
      const clone = async () => {
        const into = await mkdtemp(join(folder, 'into-'))
        const url = `${server.url}/acme/shop.git`
        const checkout = await source.checkout({
          url,
          branch: 'main',
          sha,
          into,
          signal,
          log: () => undefined,
        })
        return readFile(join(checkout.directory, 'secret.txt'), 'utf8')
      }
      await work({ host, server, privateKey, clone })
    })
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeRepository(path: string): Promise<string> {
  await mkdir(path, { recursive: true })
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=T', '-c', 'user.email=t@t', ...args], { cwd: path })
  await git('init', '-q', '-b', 'main')
  await writeFile(join(path, 'secret.txt'), 'private')
  await git('add', '-A')
  await git('commit', '-q', '-m', 'First')
  return (await git('rev-parse', 'HEAD')).stdout
}

it('clones a private repository as a GitHub App, with one token for many clones', () =>
  withApp(async ({ host, clone }) => {
    expect(await clone()).toBe('private')
    expect(await clone()).toBe('private')
    expect(host.issued).toEqual(['ghs_0'])
  }))

it('says so when GitHub does not know the key of the App', () =>
  withApp(
    async ({ host, clone }) => {
      await expect(clone()).rejects.toMatchObject({
        code: 'repository_unreachable',
        message: 'GitHub did not let the App sign in. Check its id, installation and private key.',
      })
      expect(host.issued).toEqual([])
    },
    { key: pairOf().privateKey },
  ))

it('sets commit statuses as a GitHub App, with one token for many', () =>
  withApp(async ({ host, server, privateKey }) => {
    const apiUrl = `${server.url}/api/v3`
    const reporter = createHostReporter()
    const report = {
      account: {
        host: 'github',
        apiUrl,
        credentials: { type: 'github-app', baseUrl: server.url, apiUrl, ...APP, privateKey },
      },
      repository: 'acme/shop',
      sha: 'a'.repeat(40),
      context: 'fairway/shop/api',
      description: 'Built.',
      url: null,
      mayHaveArrived: false,
      signal,
    } as const
    await reporter.reportStatus({ ...report, state: 'pending' })
    await reporter.reportStatus({ ...report, state: 'success' })
    expect(host.statuses).toHaveLength(2)
    expect(host.issued).toEqual(['ghs_0'])
  }))
