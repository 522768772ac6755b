import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { z } from 'zod'
import { isEngineThere } from '../lib/docker/engine-socket.ts'
import { hasCode } from '../lib/has-code.ts'
import { chooseParts, type Installation, type Parts, type Wanted } from './choose-parts.ts'

const installationFile = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  runtime: z.enum(['docker', 'process']),
  gateway: z.enum(['haproxy', 'embedded']),
})

export type InstallationOptions = {
  dataFolder: string
  wanted: Wanted
  dockerSocket: string
  /** A path, or the name of a program to be found in PATH. */
  haproxy: string
  path: string
}

/** The installation that lives in a data folder; made at the first start. Its choice of parts is kept there. */
export async function openInstallation(options: InstallationOptions): Promise<Parts & { id: string }> {
  const { dataFolder, wanted } = options
  const recorded = await readInstallation(dataFolder)
  const found = {
    engine: await isEngineThere(options.dockerSocket),
    haproxy: findProgram(options.haproxy, options.path) !== undefined,
  }
  const parts = chooseParts(wanted, found, recorded)
  const id = recorded?.id ?? randomBytes(6).toString('hex')
  await writeInstallation(dataFolder, { id, runtime: parts.runtime, gateway: parts.gateway })
  return { id, ...parts }
}

const fileOf = (dataFolder: string): string => join(dataFolder, 'installation.json')

/** What was recorded; undefined before the first start. */
export async function readInstallation(dataFolder: string): Promise<Installation | undefined> {
  try {
    return installationFile.parse(JSON.parse(await readFile(fileOf(dataFolder), 'utf8')))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw new Error(`${fileOf(dataFolder)} cannot be read. Restore it from a backup of the data folder.`, {
      cause: error,
    })
  }
}

async function writeInstallation(dataFolder: string, installation: Installation): Promise<void> {
  await mkdir(dataFolder, { recursive: true })
  const beside = `${fileOf(dataFolder)}.new`
  await writeFile(beside, `${JSON.stringify(installation, null, 2)}\n`)
  await rename(beside, fileOf(dataFolder))
}

/** Where a program lies, by the rules of a shell; undefined when it is not there. */
export function findProgram(name: string, path: string): string | undefined {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((folder) => join(folder, name))
  return candidates.find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there or not ours to run: the next one.
    return false
  }
}
