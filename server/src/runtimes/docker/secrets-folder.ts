import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../../lib/has-code.ts'

const TMPFS = 0x01021994
const PLACES = ['/run', '/dev/shm']

export const isInMemory = async (folder: string): Promise<boolean> => (await statfs(folder)).type === TMPFS

/** A folder for an installation's secret files: in memory where the host has such a place that we may write to. */
export async function defaultSecretsFolder(installation: string): Promise<string> {
  const name = `fairway-secrets-${installation}`
  for (const place of PLACES) {
    if ((await isWritable(place)) && (await isInMemory(place))) return join(place, name)
  }
  return join(PLACES[0] ?? '/run', name)
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'EROFS')) return false
    throw error
  }
}
