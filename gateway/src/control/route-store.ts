/**
 * The routes on disk, one file a service: written beside, synced, renamed, so that a file is whole or absent whatever
 * ends the process. A damaged file is reported and left alone; the others serve.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ServiceRoutes, serviceRoutes } from '@fairway/contract/gateway'
import { messageOf } from '../log.ts'

export type DamagedFile = { file: string; reason: string }
export type LoadedRoutes = { services: ServiceRoutes[]; damaged: DamagedFile[] }

// The key has one slash and no dot, so this can be read back and never leaves the folder.
const fileOf = (key: string): string => `${key.replace('/', '.')}.json`

export async function loadRoutes(folder: string): Promise<LoadedRoutes> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const loaded: LoadedRoutes = { services: [], damaged: [] }
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  for (const file of files) {
    try {
      loaded.services.push(await readRoutes(folder, file))
    } catch (error) {
      loaded.damaged.push({ file, reason: messageOf(error) })
    }
  }
  return loaded
}

async function readRoutes(folder: string, file: string): Promise<ServiceRoutes> {
  const routes = serviceRoutes.parse(JSON.parse(await readFile(join(folder, file), 'utf8')))
  if (fileOf(routes.key) !== file) throw new Error(`it holds the routes of ${routes.key}`)
  return routes
}

/** Resolves when the routes would survive a power cut. */
export async function storeRoutes(folder: string, routes: ServiceRoutes): Promise<void> {
  const path = join(folder, fileOf(routes.key))
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(routes))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  await syncFolder(folder)
}

export async function forgetRoutes(folder: string, key: string): Promise<void> {
  await rm(join(folder, fileOf(key)), { force: true })
  await syncFolder(folder)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
