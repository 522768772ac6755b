import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FairwayError } from '@fairway/contract/errors'
import { hasCode } from '../../lib/has-code.ts'
import { watchSource } from '../../lib/watch-source.ts'
import type { MountedVolume, VolumeStore } from '../../reconcile/volume-port.ts'

/**
 * Volumes as folders below the data folder. A process sees the host's files as they are, so nothing is mounted: the
 * instance is told the folder in a variable. Packing is done by the host's `tar`.
 */
export function createProcessVolumes({ root }: { root: string }): VolumeStore {
  const folderOf = (disk: string): string => join(root, checkDisk(disk))
  const dataOf = (disk: string): string => join(folderOf(disk), CONTENT)
  return {
    remark:
      'Without containers a volume is a folder: instances find it in FAIRWAY_VOLUME_<ID>, not at its mount path, and its size is not limited.',
    create: async ({ disk }) => {
      await mkdir(dataOf(disk), { recursive: true, mode: 0o750 })
    },
    async remove(disk) {
      // A large folder goes slowly: what is half gone must not be taken for the volume.
      const going = `${folderOf(disk)}.removed`
      await renameIfThere(folderOf(disk), going)
      await rm(going, { recursive: true, force: true })
    },
    exists: (disk) => isFolder(dataOf(disk)),
    usage: async (disk) => Math.ceil((await bytesBelow(dataOf(disk))) / 2 ** 20),
    export: async (disk, signal) => {
      await requireFolder(dataOf(disk))
      return packed(folderOf(disk), signal)
    },
    import: async (disk, data, signal) => {
      await requireFolder(dataOf(disk))
      await unpack(folderOf(disk), data, signal)
    },
    variables: (mounts) => Object.fromEntries(mounts.map((mount) => variable(mount, mounts, dataOf))),
  }
}

/** The folder that every exported tar begins with. */
const CONTENT = 'volume'

/** `FAIRWAY_VOLUME_<ID>`: the folder that the volume's mount names; all of the volume when it has several. */
function variable(
  { volumeId, disk, folder }: MountedVolume,
  all: readonly MountedVolume[],
  dataOf: (disk: string) => string,
): [string, string] {
  const only = all.filter((mount) => mount.volumeId === volumeId).length === 1
  const name = `FAIRWAY_VOLUME_${volumeId.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
  return [name, only ? join(dataOf(disk), folder) : dataOf(disk)]
}

function checkDisk(disk: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(disk)) return disk
  throw new FairwayError('invalid_path', 'The name of a disk holds small letters, digits and dashes only.')
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

async function requireFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  throw new FairwayError(
    'runtime_failed',
    'The folder of the volume is not there any more. Make a new volume from a backup.',
    { detail: path },
  )
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function bytesBelow(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  let bytes = 0
  for (const file of files) {
    if (file.isFile()) bytes += await sizeOf(join(file.parentPath, file.name))
  }
  return bytes
}

/** A file may go while the folder is read. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0
    throw error
  }
}

const PACK = [
  '--create',
  '--file=-',
  '--format=posix',
  '--sort=name',
  '--numeric-owner',
  '--pax-option=delete=atime,delete=ctime',
]
const UNPACK = ['--extract', '--file=-', '--preserve-permissions', '--numeric-owner']
/** tar's status for "a file changed while it was read": whoever compares two readings finds that out. */
const CHANGED = 1

async function* packed(folder: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const child = spawn('tar', [...PACK, CONTENT], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], signal })
  const ended = endOf(child)
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array
    const { code, words } = await ended
    signal.throwIfAborted()
    if (code !== 0 && code !== CHANGED) throw new Error(`tar ended with ${code}: ${words}`)
  } finally {
    child.kill('SIGKILL')
  }
}

async function unpack(folder: string, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const child = spawn('tar', UNPACK, { cwd: folder, stdio: ['pipe', 'ignore', 'pipe'], signal })
  const ended = endOf(child)
  const source = watchSource(data)
  const feeding = pipeline(Readable.from(source.data, { objectMode: false }), child.stdin, { signal })
  const [fed] = await Promise.allSettled([feeding])
  const { code, words } = await ended
  signal.throwIfAborted()
  source.throwIfFailed()
  if (/no space left on device/i.test(words))
    throw new FairwayError(
      'disk_full',
      'The disk of the data folder is full. Free some space, then try again.',
    )
  // A tar that gave up breaks its pipe; its own words say more.
  if (code !== 0) throw new Error(`tar ended with ${code}: ${words}`)
  if (fed.status === 'rejected') throw fed.reason
}

/** Never rejects: its error event also comes when it was told to stop, and then somebody else says why. */
function endOf(child: ChildProcess): Promise<{ code: number; words: string }> {
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    if (words.length < 2000) words += chunk.toString()
  })
  return new Promise((resolve) => {
    child.on('error', (error) => {
      words += error.message
      if (child.pid === undefined) resolve({ code: -1, words })
    })
    child.on('close', (code) => resolve({ code: code ?? -1, words }))
  })
}
