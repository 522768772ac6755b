import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GitCredentials } from '@fairway/contract/resources/git-account'
import { execa } from 'execa'
import { afterEach, describe, expect, test } from 'vitest'
import { createDocumentRepository } from './document-repository.ts'
import { startGitServer } from './test-git-server.ts'

const signal = new AbortController().signal
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function world(credentials?: (url: string) => GitCredentials) {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-documents-'))
  folders.push(folder)
  const bare = join(folder, 'bare.git')
  const work = join(folder, 'work')
  await execa('git', ['init', '-q', '--bare', '-b', 'main', bare])
  await execa('git', ['clone', '-q', bare, work], { stderr: 'ignore' })
  const git = async (...args: string[]) =>
    (await execa('git', ['-c', 'user.name=Ann', '-c', 'user.email=a@a', ...args], { cwd: work })).stdout
  await git('checkout', '-q', '-b', 'main')
  const commit = async (files: Record<string, string>, message = 'Change') => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(work, path, '..'), { recursive: true })
      await writeFile(join(work, path), text)
    }
    await git('add', '-A')
    await git('commit', '-q', '--allow-empty', '-m', message)
    await git('push', '-q', 'origin', 'main')
    return git('rev-parse', 'HEAD')
  }
  const repository = createDocumentRepository({
    root: join(folder, 'clones'),
    credentialsOf: async (url) => credentials?.(url),
    maxBytes: 1_000_000,
  })
  return { folder, bare, work, git, commit, repository, url: `file://${bare}` }
}

const change = { text: '{"a":2}\n', message: 'Set a', author: 'Bob', at: new Date(1_700_000_000_000) }

describe('a file on a branch', () => {
  test('is read at the tip with its author, committed without a work tree, and leaves every other file alone', async () => {
    const { repository, url, commit, git, folder } = await world()
    const sha = await commit({ 'flows/a.json': '{"a":1}\n', 'b.txt': 'b', 'flows/c/d.txt': 'd' })
    const pushed = await repository.withBranch(
      { url, branch: 'main', path: '/flows/a.json', signal },
      async (branch) => {
        expect(branch).toMatchObject({ sha, author: 'Ann', file: { kind: 'file', text: '{"a":1}\n' } })
        const made = await branch.commit(change)
        expect(await branch.commit(change)).toEqual(made)
        expect(await branch.push(made.commit)).toEqual({ ok: true })
        expect(await branch.push(made.commit)).toEqual({ ok: true })
        return made
      },
    )
    await git('pull', '-q')
    expect(await git('log', '-1', '--format=%H|%an|%cn|%s|%ad', '--date=unix')).toBe(
      `${pushed.commit}|Bob|Fairway|Set a|1700000000`,
    )
    expect(await git('diff', '--name-only', 'HEAD~1')).toBe('flows/a.json')
    expect(await git('rev-parse', 'HEAD:flows/a.json')).toBe(pushed.blob)
    expect(await readdir(join(folder, 'clones'))).toEqual([])
  })

  test('is never pushed over a commit that came in between', async () => {
    const { repository, url, commit, git } = await world()
    await commit({ 'a.json': '{}' })
    await repository.withBranch({ url, branch: 'main', path: '/a.json', signal }, async (branch) => {
      const made = await branch.commit(change)
      await commit({ 'other.txt': 'x' })
      expect(await branch.push(made.commit)).toMatchObject({ ok: false, moved: true })
    })
    expect(await git('ls-remote', 'origin', 'main')).toContain(await git('rev-parse', 'HEAD'))
  })

  test('says why a server refuses the push', async () => {
    const { repository, url, commit, bare } = await world()
    await commit({ 'a.json': '{}' })
    const hook = '#!/bin/sh\necho "main is protected" >&2\nexit 1\n'
    await writeFile(join(bare, 'hooks/pre-receive'), hook, { mode: 0o755 })
    await repository.withBranch({ url, branch: 'main', path: '/a.json', signal }, async (branch) => {
      const { commit: made } = await branch.commit(change)
      expect(await branch.push(made)).toEqual({ ok: false, moved: false, why: 'main is protected' })
    })
  })

  test('is refused when it, or a folder above it, is a symbolic link, and when it is too large', async () => {
    const { repository, url, commit, work } = await world()
    await symlink('/etc/passwd', join(work, 'link.json'))
    await symlink('/etc', join(work, 'etc'))
    await commit({ 'big.json': 'x'.repeat(10_000_000), 'folder.json/x': 'x' })
    const fileAt = (path: string) =>
      repository.withBranch({ url, branch: 'main', path, signal }, async ({ file }) => file)
    expect(await fileAt('/link.json')).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/symbolic link/),
    })
    expect(await fileAt('/etc/passwd')).toMatchObject({ kind: 'refused', why: '/etc is not a folder.' })
    expect(await fileAt('/folder.json')).toMatchObject({
      kind: 'refused',
      why: '/folder.json is not a file.',
    })
    expect(await fileAt('/big.json')).toMatchObject({
      kind: 'refused',
      why: '/big.json has 10000000 bytes; a document may have 1000000.',
    })
    expect(await fileAt('/folder.json/gone/a.json')).toEqual({ kind: 'absent' })
  })

  test.each([
    ['--upload-pack=touch /tmp/x', 'main', '/a.json', 'invalid_git_url'],
    ['ext::sh -c true', 'main', '/a.json', 'invalid_git_url'],
    ['', '--upload-pack=x', '/a.json', 'invalid_git_url'],
    ['', 'main', '/../a.json', 'invalid_path'],
    ['', 'main', '/.git/config', 'invalid_path'],
    ['', 'main', '/a/-x', 'invalid_path'],
    ['', 'gone', '/a.json', 'commit_not_found'],
    ['file:///nowhere/at.git', 'main', '/a.json', 'repository_unreachable'],
  ])('%s %s %s: %s', async (bad, branch, path, code) => {
    const { repository, url, commit } = await world()
    await commit({ 'a.json': '{}' })
    const answer = repository.withBranch({ url: bad || url, branch, path, signal }, async () => undefined)
    await expect(answer).rejects.toMatchObject({ code })
  })

  test('is read and written over HTTP with the credentials of an account', async () => {
    let base = ''
    const { repository, folder, commit, bare, git } = await world(() => ({
      type: 'token',
      baseUrl: base,
      username: 'git',
      token: 'sesame',
    }))
    await commit({ 'a.json': '{}' })
    await execa('git', ['-C', bare, 'config', 'http.receivepack', 'true'])
    await execa('git', ['-C', bare, 'config', 'uploadpack.allowFilter', 'true'])
    const server = await startGitServer(folder, { user: 'git', password: 'sesame' })
    base = server.url
    try {
      const url = `${server.url}/bare.git`
      await repository.withBranch({ url, branch: 'main', path: '/a.json', signal }, async (branch) => {
        expect(branch.file).toMatchObject({ kind: 'file', text: '{}' })
        expect(await branch.push((await branch.commit(change)).commit)).toEqual({ ok: true })
      })
    } finally {
      await server.close()
    }
    await git('pull', '-q')
    expect(await git('log', '-1', '--format=%an')).toBe('Bob')
  })
})
