/** For tests: a real HAProxy in a folder of its own. Under CI a missing program is a failure, elsewhere not run. */
import { accessSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../lib/free-port.ts'
import { hasCode } from '../../lib/has-code.ts'
import { stopHaproxy } from './haproxy-process.ts'
import type { HaproxySettings } from './settings.ts'

const places = [
  '/usr/sbin/haproxy',
  '/usr/local/sbin/haproxy',
  '/usr/bin/haproxy',
  '/opt/homebrew/bin/haproxy',
]

const isThere = (path: string): boolean => {
  try {
    accessSync(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return false
    throw error
  }
}

const program = places.find(isThere)
export const haproxyHere = program !== undefined
if (!haproxyHere && process.env.CI === 'true')
  throw new Error('These tests need HAProxy, and there is none here.')

export type TestHaproxy = { settings: HaproxySettings; cleanUp(): Promise<void> }

export async function newHaproxy(more: Partial<HaproxySettings> = {}): Promise<TestHaproxy> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'fairway-haproxy-'))
  const settings: HaproxySettings = {
    program: program ?? 'haproxy',
    listen: { host: '127.0.0.1', port: await freePort() },
    stateFolder,
    ...more,
  }
  return {
    settings,
    cleanUp: async () => {
      await stopHaproxy(settings)
      await rm(stateFolder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
