import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it, vi } from 'vitest'
import { openGit } from './app-git.ts'
import { type Db, transaction } from './db/db.ts'
import { findGitAccount } from './db/git-accounts.ts'
import { withTestDb } from './db/test-db.ts'
import { createSealer } from './lib/seal.ts'
import { changeGitAccount, createGitAccount } from './operations/git-accounts/save.ts'
import { makeKey, sshdHere, startSshd, type TestSshd } from './sources/git/test-sshd.ts'

const sealer = createSealer(Buffer.alloc(32, 5))
const { signal } = new AbortController()

type World = { db: Db; folder: string; key: string; sha: string; server: TestSshd; restart(): Promise<void> }

/** A private repository behind an ssh server of the test, and an account for it with a deploy key. */
async function withServer(work: (world: World) => Promise<void>, { deployKey }: { deployKey?: string } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-deploy-key-'))
  try {
    const key = await makeKey(folder, 'deploy')
    const other = await makeKey(folder, 'other')
    const sha = await makeRepository(join(folder, 'shop.git'))
    let server = await startSshd(join(folder, 'sshd'), { key })
    const { port } = server
    try {
      await withTestDb(async (db) => {
        await addAccount(db, deployKey === 'other' ? other : key)
        const restart = async () => {
          await server.stop()
          server = await startSshd(join(folder, 'sshd-anew'), { key, port })
        }
        await work({ db, folder, key, sha, server, restart })
      })
    } finally {
      await server.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeRepository(path: string): Promise<string> {
  await mkdir(path)
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=T', '-c', 'user.email=t@t', ...args], { cwd: path })
  await git('init', '-q', '-b', 'main')
  await writeFile(join(path, 'secret.txt'), 'private')
  await git('add', '-A')
  await git('commit', '-q', '-m', 'First')
  return (await git('rev-parse', 'HEAD')).stdout
}

const addAccount = async (db: Db, key: string): Promise<void> => {
  const privateKey = await readFile(key, 'utf8')
  const body = {
    name: 'hub',
    host: 'gitea',
    baseUrl: 'http://127.0.0.1:3000',
    auth: { type: 'deploy-key', privateKey },
  } as const
  await transaction(db, (tx) => createGitAccount(tx, body, { sealer, actor: 'tester' }))
}

const known = async (db: Db) => (await findGitAccount(db, 'hub'))?.known_hosts

async function clone({ db, folder, sha, server }: World): Promise<string> {
  const { source } = openGit({ db, sealer, root: join(folder, 'cache') })
  const url = `${server.url}${folder}/shop.git`
  const into = await mkdtemp(join(folder, 'into-'))
  const checkout = await source.checkout({ url, branch: 'main', sha, into, log: () => undefined, signal })
  return readFile(join(checkout.directory, 'secret.txt'), 'utf8')
}

describe.skipIf(!sshdHere)('a deploy key', () => {
  it('clones a private repository over ssh, and the host key of the first connection is kept in the account', () =>
    withServer(async (world) => {
      expect(await known(world.db)).toBeNull()
      expect(await clone(world)).toBe('private')
      const hostKey = (await readFile(join(world.folder, 'sshd', 'host.pub'), 'utf8')).split(' ').slice(0, 2)
      expect(await known(world.db)).toBe(`[127.0.0.1]:${world.server.port} ${hostKey.join(' ')}\n`)
      expect(await clone(world)).toBe('private')
    }))

  it('is shown to no server that has another host key than before, until the account forgets the old one', () =>
    withServer(async (world) => {
      await clone(world)
      const before = await known(world.db)
      await world.restart()
      await expect(clone(world)).rejects.toMatchObject({
        code: 'repository_unreachable',
        message:
          'The ssh server shows another host key than before. If that is right, clear knownHosts of the git account.',
      })
      expect(await known(world.db)).toBe(before)
      await transaction(world.db, (tx) =>
        changeGitAccount(tx, 'hub', { knownHosts: '' }, { sealer, actor: 'tester' }),
      )
      expect(await clone(world)).toBe('private')
      expect(await known(world.db)).not.toBe(before)
    }))

  it('that was pinned beforehand to another host key connects not even once', () =>
    withServer(async (world) => {
      const key = (await readFile(`${world.key}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')
      const knownHosts = `[127.0.0.1]:${world.server.port} ${key}`
      await transaction(world.db, (tx) =>
        changeGitAccount(tx, 'hub', { knownHosts }, { sealer, actor: 'tester' }),
      )
      await expect(clone(world)).rejects.toMatchObject({ code: 'repository_unreachable' })
    }))

  it('that the server does not know is refused in words, and leaves no key behind', () =>
    withServer(
      async (world) => {
        vi.stubEnv('TMPDIR', world.folder)
        await expect(clone(world)).rejects.toMatchObject({
          code: 'repository_unreachable',
          message: expect.stringContaining('Permission denied (publickey)'),
        })
        vi.unstubAllEnvs()
        const left = await readdir(world.folder, { recursive: true })
        expect(left.filter((name) => /fairway-git-access|into-.*\/checkout/.test(name))).toEqual([])
      },
      { deployKey: 'other' },
    ))
})
