import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type Docker from 'dockerode'
import type { InstanceFile } from '../../reconcile/runtime-port.ts'
import { isInMemory } from './secrets-folder.ts'

/**
 * Secret files of instances, in memory on the host: one folder for each instance, closed to everyone else, each file
 * mounted read-only at its own absolute path. So they never are in an image, in a container's writable layer or in
 * what the engine tells of a container, need no program in the image to place them, and hide nothing beside them.
 * `root` must be seen by the engine under the same path.
 */
export class SecretFiles {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** Undefined when the files are in memory; else a sentence for people. */
  async open(): Promise<string | undefined> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 })
    const { uid, mode } = await lstat(this.#root)
    // In a folder that everyone may write to, someone else could have made it first.
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
      throw new FairwayError(
        'runtime_failed',
        'The folder for secret files belongs to or is open to others. Remove it, then start again.',
        { detail: this.#root },
      )
    if (await isInMemory(this.#root)) return undefined
    return 'Secret files are kept on disk: their folder is not in memory (tmpfs).'
  }

  /**
   * Writes the files of an instance into a folder of their own; answers it and how they are mounted. Raises
   * `invalid_path`. Another server that starts the same instance writes another folder, so neither takes the other's.
   */
  async write(name: string, files: readonly InstanceFile[]): Promise<SecretMounts> {
    const targets = files.map(({ path }) => checkedPath(path))
    const folder = `${name}.${randomUUID()}`
    if (files.length === 0) return { folder, mounts: [] }
    await mkdir(join(this.#root, folder), { mode: 0o700 })
    const mounts = files.map(async ({ contentBase64, mode = READABLE }, index) => {
      const source = join(this.#root, folder, String(index))
      await writeFile(source, Buffer.from(contentBase64, 'base64'), { mode })
      return { Type: 'bind' as const, Source: source, Target: targets[index] ?? '', ReadOnly: true }
    })
    return { folder, mounts: await Promise.all(mounts) }
  }

  async remove(folder: string): Promise<void> {
    await rm(join(this.#root, folder), { recursive: true, force: true })
  }

  async removeAllOf(name: string): Promise<void> {
    for (const folder of await readdir(this.#root)) if (nameOf(folder) === name) await this.remove(folder)
  }

  /** Removes what was left by an end in the middle: what nobody owns and was written before `before`. */
  async sweep(owned: ReadonlySet<string>, before: Date): Promise<void> {
    for (const folder of await readdir(this.#root)) {
      if (owned.has(nameOf(folder))) continue
      const { mtime } = await lstat(join(this.#root, folder))
      if (mtime < before) await this.remove(folder)
    }
  }
}

/** The program may run as any user of its image; on the host the folder keeps everyone else out. */
const READABLE = 0o444

export type SecretMounts = { folder: string; mounts: Docker.MountSettings[] }

const nameOf = (folder: string): string => folder.split('.')[0] ?? folder

/** The kernel's own file systems, which the engine lets nobody mount into. */
const RESERVED = /^\/(proc|sys|dev)(\/|$)/

/** Where a secret file will be. Raises `invalid_path`. Pure. */
export function checkedPath(path: string): string {
  const absolute = normalize(`/${path}`)
  if (path.split('/').includes('..') || path.includes('\0'))
    throw new FairwayError('invalid_path', `The secret file "${path}" would leave its folder. Remove "..".`)
  if (absolute.endsWith('/') || RESERVED.test(absolute))
    throw new FairwayError(
      'invalid_path',
      `No secret file can be at "${path}". Name a file outside of /proc, /sys and /dev.`,
    )
  return absolute
}
