import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import type { RegistryCredentials } from '../../reconcile/registry-port.ts'
import { killProcessesAtHome } from '../bundle/leftover-processes.ts'

/** The private folder of one build; nothing in it outlives the build. */
export type Workshop = {
  folder: string
  /** HOME of the build's commands, by which what they left running is found. */
  home: string
  /** Configuration of the docker command. */
  configFolder: string
  /** An empty folder for PATH: the docker command starts no other program of this machine. */
  programs: string
}

/** What a killed server left: its commands first, then their folders with the secrets. */
export async function sweepWorkshops(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  await killProcessesAtHome(root)
  for (const name of await readdir(root)) await rm(join(root, name), { recursive: true, force: true })
}

export type Registries = Readonly<Record<string, RegistryCredentials>>

/** Does the work in a fresh folder, readable by this user alone, and removes it. */
export async function inWorkshop<T>(
  root: string,
  registries: Registries,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(root, 'build-'))
    const workshop = {
      folder,
      home: join(folder, 'home'),
      configFolder: join(folder, 'config'),
      programs: join(folder, 'programs'),
    }
    for (const path of [workshop.home, workshop.configFolder, workshop.programs]) await mkdir(path)
    await writeSecretFile(join(workshop.configFolder, 'config.json'), JSON.stringify(configOf(registries)))
    return await work(workshop)
  } catch (error) {
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw diskFull(error)
    throw error
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

export const diskFull = (cause: unknown, detail?: string): FairwayError =>
  new FairwayError('disk_full', 'The disk is full. Make room and build again.', {
    cause,
    ...(detail !== undefined && { detail }),
  })

export const writeSecretFile = (path: string, content: string): Promise<void> =>
  writeFile(path, content, { mode: 0o600, flag: 'wx' })

const configOf = (registries: Registries) => ({
  // Plugins that this user installed for the docker command.
  cliPluginsExtraDirs: [join(homedir(), '.docker', 'cli-plugins')],
  auths: Object.fromEntries(
    Object.entries(registries).map(([host, { username, password }]) => [
      host === 'docker.io' ? 'https://index.docker.io/v1/' : host,
      { auth: Buffer.from(`${username}:${password}`).toString('base64') },
    ]),
  ),
})
