import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CompareRequest } from '../../reconcile/git-port.ts'
import { noCredentials } from './git-access.ts'
import { createGitReader } from './git-reader.ts'
import { startGitServer } from './test-git-server.ts'

const signal = new AbortController().signal
let root = ''
let repository = ''

const git = async (...args: string[]) =>
  (
    await execa('git', ['-c', 'safe.directory=*', '-c', 'user.name=T', '-c', 'user.email=t@t', ...args], {
      cwd: repository,
    })
  ).stdout

async function commit(message: string, files: Record<string, string> = {}): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(repository, path)), { recursive: true })
    await writeFile(join(repository, path), text)
  }
  await git('add', '-A')
  await git('commit', '-q', '--allow-empty', '-m', message)
  return git('rev-parse', 'HEAD')
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairway-reader-'))
  repository = join(root, 'repositories', 'shop')
  await mkdir(repository, { recursive: true })
  await git('init', '-q', '-b', 'main')
  await git('config', 'uploadpack.allowFilter', 'true')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const reader = (credentialsOf = noCredentials) =>
  createGitReader({ root: join(root, 'cache'), credentialsOf })

const request = (after: string, bases: string[], more: Partial<CompareRequest> = {}): CompareRequest => ({
  url: `file://${repository}`,
  branch: 'main',
  after,
  bases,
  messages: { of: 'none' },
  signal,
  ...more,
})

describe('a git reader', () => {
  it('lists the files between each base and the commit, moved files under both names, odd names whole', async () => {
    const first = await commit('one', { 'a.txt': 'a\n'.repeat(50), 'old/b': 'b'.repeat(500), keep: '1' })
    const second = await commit('two', { 'a.txt': 'other' })
    await mkdir(join(repository, 'new'))
    await rename(join(repository, 'old/b'), join(repository, 'new/b'))
    const third = await commit('three', { 'odd "ü\nname': '1' })
    const { changes } = await reader().compare(request(third, [second, first, third]))
    expect(changes.get(second)).toEqual(['new/b', 'odd "ü\nname', 'old/b'])
    expect(changes.get(first)).toEqual(['a.txt', 'new/b', 'odd "ü\nname', 'old/b'])
    expect(changes.get(third)).toEqual([])
  })

  it('says of a base that is gone that it is not known, and compares with the others', async () => {
    const first = await commit('one', { a: '1' })
    const second = await commit('two', { b: '1' })
    const gone = 'a'.repeat(40)
    const { changes } = await reader().compare(request(second, [gone, first]))
    expect(changes.get(gone)).toBeUndefined()
    expect(changes.get(first)).toEqual(['b'])
  })

  it('compares with a commit that a force push left behind', async () => {
    const first = await commit('one', { a: '1' })
    const left = await commit('two', { b: '1' })
    const one = reader()
    await one.compare(request(left, []))
    await git('reset', '-q', '--hard', first)
    const third = await commit('three', { c: '1' })
    expect((await one.compare(request(third, [left]))).changes.get(left)).toEqual(['b', 'c'])
  })

  it('reads every message of a push, oldest first, and the head alone when it is new', async () => {
    const first = await commit('one')
    await commit('two\n\nbody [skip ci]')
    const third = await commit('three')
    const range = await reader().compare(request(third, [], { messages: { of: 'range', before: first } }))
    expect(range.commits.map(({ message }) => message)).toEqual(['two\n\nbody [skip ci]', 'three'])
    const one = reader()
    await one.compare(request(third, []))
    const later = await one.compare(request(third, [], { messages: { of: 'range', before: first } }))
    expect(later.commits).toHaveLength(2)
    const created = await one.compare(request(third, [], { messages: { of: 'range', before: null } }))
    expect(created.commits).toEqual([{ sha: third, message: 'three' }])
  })

  it('finds an old commit of a server that hands out no single ones', async () => {
    const first = await commit('one', { a: '1' })
    const second = await commit('two', { b: '1' })
    await commit('three')
    await git('config', 'protocol.version', '0')
    await git('config', 'uploadpack.allowAnySHA1InWant', 'false')
    expect((await reader().compare(request(second, [first]))).changes.get(first)).toEqual(['b'])
  })

  it('fetches nothing it has, even when many ask at once', async () => {
    const server = await startGitServer(join(root, 'repositories'))
    try {
      const first = await commit('one', { a: '1' })
      const second = await commit('two', { b: '1' })
      const one = reader()
      const asks = Array.from({ length: 5 }, () =>
        one.compare(request(second, [first], { url: `${server.url}/shop/.git` })),
      )
      for (const { changes } of await Promise.all(asks)) expect(changes.get(first)).toEqual(['b'])
      expect(server.requests.filter((line) => line.startsWith('POST')).length).toBeLessThanOrEqual(4)
    } finally {
      await server.close()
    }
  })

  it('signs in with a token that is in no argument and leaves no file', async () => {
    const server = await startGitServer(join(root, 'repositories'), { user: 'ann', password: 'pass word' })
    const url = `${server.url}/shop/.git`
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('fairway-git-access-'))
    try {
      const sha = await commit('one')
      const token = { type: 'token', baseUrl: server.url, username: 'ann', token: 'pass word' } as const
      const one = reader(async () => token)
      expect(await one.heads({ url, signal })).toEqual(new Map([['main', sha]]))
      await one.compare(request(sha, [], { url }))
      const wrong = reader(async () => ({ ...token, token: 'no' }))
      await expect(wrong.heads({ url, signal })).rejects.toMatchObject({ code: 'repository_unreachable' })
      // A host that the token is not for does not get it.
      const elsewhere = reader(async () => ({ ...token, baseUrl: 'http://127.0.0.1:1' }))
      await expect(elsewhere.heads({ url, signal })).rejects.toMatchObject({ code: 'repository_unreachable' })
    } finally {
      await server.close()
    }
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('fairway-git-access-'))
    expect(after.length).toBeLessThanOrEqual(before.length)
  })

  it.each([
    { url: '--upload-pack=touch /tmp/x' },
    { branch: '--upload-pack=x' },
    { after: '--output=x' },
    { bases: ['--output=x'] },
    { messages: { of: 'range', before: '-x' } as const },
  ])('refuses $url$branch$after$bases before git sees it', async (more) => {
    const sha = await commit('one')
    await expect(reader().compare(request(sha, [], more))).rejects.toMatchObject({ code: 'invalid_git_url' })
  })

  it('says which of repository and commit is missing', async () => {
    await commit('one')
    const missing = reader().compare(request('a'.repeat(40), []))
    await expect(missing).rejects.toMatchObject({ code: 'commit_not_found' })
    const nowhere = reader().compare(request('a'.repeat(40), [], { url: join(root, 'nowhere') }))
    await expect(nowhere).rejects.toMatchObject({ code: 'repository_unreachable' })
  })
})
