import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGitSource } from './source.ts'

const source = createGitSource()
const never = new AbortController().signal
const log = () => undefined
let root = ''
let repository = ''
let into = ''

const identity = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@t',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@t',
}
const git = async (...args: string[]) =>
  (await execa('git', ['-c', 'safe.directory=*', ...args], { cwd: repository, env: identity })).stdout

async function commit(content: string): Promise<string> {
  await writeFile(join(repository, 'file.txt'), content)
  await git('add', '.')
  await git('commit', '-q', '-m', `Say ${content}`)
  return git('rev-parse', 'HEAD')
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fairway-git-'))
  repository = join(root, 'repository')
  into = join(root, 'into')
  await mkdir(repository)
  await mkdir(into)
  await git('init', '-q', '-b', 'main')
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('a git source', () => {
  it('checks out exactly the commit asked for, with its message, though the branch has moved on', async () => {
    const first = await commit('one')
    const second = await commit('two')
    expect(await source.resolve({ url: repository, branch: 'main' })).toEqual({
      sha: second,
      message: 'Say two',
    })
    const url = `file://${repository}`
    const checkout = await source.checkout({ url, branch: 'main', sha: first, into, log, signal: never })
    expect(await readFile(join(checkout.directory, 'file.txt'), 'utf8')).toBe('one')
    expect(checkout).toMatchObject({ sha: first, message: 'Say one' })
    await checkout.cleanUp()
    expect(await readdir(into)).toEqual([])
  })

  it('lists all branches and nothing else', async () => {
    const sha = await commit('one')
    await git('branch', 'feature/x')
    await git('tag', 'v1')
    expect(await source.branches({ url: repository })).toEqual([
      { name: 'feature/x', sha },
      { name: 'main', sha },
    ])
  })

  it('finds an old commit of a server that refuses single commits', async () => {
    const first = await commit('first')
    for (let number = 0; number < 60; number += 1) await commit(`${number}`)
    // The oldest protocol serves only advertised tips.
    await git('config', 'protocol.version', '0')
    await git('config', 'uploadpack.allowAnySHA1InWant', 'false')
    const lines: string[] = []
    const checkout = await source.checkout({
      url: `file://${repository}`,
      branch: 'main',
      sha: first,
      into,
      log: (line) => void lines.push(line),
      signal: never,
    })
    expect(checkout.sha).toBe(first)
  })

  it.each([
    ['--upload-pack=touch /tmp/x', 'main', 'must not start with "-"'],
    ['ext::sh -c touch% /tmp/x', 'main', 'must not hold spaces'],
    ['ext::sh', 'main', 'transport helper'],
    ['fd::17', 'main', 'transport helper'],
    ['https://host/a\nb', 'main', 'control characters'],
    ['ssh://-oProxyCommand=x/a', 'main', 'must name a host'],
    ['-oProxyCommand=x@host:a', 'main', 'must not start with "-"'],
    ['/srv/repository', '--upload-pack=x', 'branch'],
  ])('refuses %s at %s before git sees it', async (url, branch, rule) => {
    await expect(source.resolve({ url, branch })).rejects.toMatchObject({
      code: 'invalid_git_url',
      message: expect.stringContaining(rule),
    })
  })

  it('says which of repository, branch and commit is missing', async () => {
    await commit('one')
    const missing = { url: join(root, 'nowhere'), branch: 'main' }
    await expect(source.resolve(missing)).rejects.toMatchObject({ code: 'repository_unreachable' })
    const branch = source.resolve({ url: repository, branch: 'other' })
    await expect(branch).rejects.toMatchObject({ code: 'commit_not_found' })
    const sha = 'a'.repeat(40)
    const commitOf = source.checkout({ url: repository, branch: 'main', sha, into, log, signal: never })
    await expect(commitOf).rejects.toMatchObject({ code: 'commit_not_found' })
    expect(await readdir(into)).toEqual([])
  })

  it('runs no hook of the machine or of the template', async () => {
    const sha = await commit('one')
    const hooks = join(root, 'hooks')
    await mkdir(hooks)
    await writeFile(join(hooks, 'post-checkout'), `#!/bin/sh\ntouch ${root}/hook-ran\n`)
    await chmod(join(hooks, 'post-checkout'), 0o755)
    const before = process.env.GIT_CONFIG_PARAMETERS
    process.env.GIT_CONFIG_PARAMETERS = `'core.hookspath=${hooks}'`
    try {
      await source.checkout({ url: repository, branch: 'main', sha, into, log, signal: never })
    } finally {
      if (before === undefined) delete process.env.GIT_CONFIG_PARAMETERS
      else process.env.GIT_CONFIG_PARAMETERS = before
    }
    expect(await readdir(root)).not.toContain('hook-ran')
  })

  it('stops git and leaves nothing behind when it is aborted', async () => {
    const sha = await commit('one')
    const abort = new AbortController()
    const url = repository
    const log = () => abort.abort()
    await expect(
      source.checkout({ url, branch: 'main', sha, into, log, signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'aborted' })
    expect(await readdir(into)).toEqual([])
  })
})
