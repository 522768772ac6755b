import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, normalize, resolve } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import type { InstanceFile, InstanceLabels, InstanceSpec } from '../../reconcile/runtime-port.ts'

/**
 * What the runtime keeps of one instance, below `<root>/<id>/`:
 * `instance.json` (labels, ports, command without environment), `pid` and `exit` (written by the shim), `stdout` and
 * `stderr` (pipes to the log collector), `log`, `log.1` … (its lines), `files/` (secret files), `tmp/`.
 */
export type InstanceRecord = {
  id: string
  labels: InstanceLabels
  directory: string
  ports: Record<string, number>
  cgroups: string[]
  startedAt: string
}

const ID = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/

export function folderOf(root: string, id: string): string {
  if (!ID.test(id)) throw new FairwayError('invalid_path', `"${id}" cannot name an instance.`)
  return join(root, id)
}

/** Names an instance among all data folders of this machine, whatever their instances are called. */
export function machineName(root: string, id: string): string {
  const owner = createHash('sha256').update(resolve(root)).digest('hex').slice(0, 12)
  return `${owner}-${id}`
}

/** Makes the folder with its record, whole or not at all. */
export async function prepareFolder(root: string, record: InstanceRecord, spec: InstanceSpec): Promise<void> {
  const folder = folderOf(root, record.id)
  const beside = join(root, `${UNFINISHED}${process.pid}-${record.id}`)
  try {
    await mkdir(join(beside, 'tmp'), { recursive: true, mode: 0o700 })
    await writeSecretFiles(join(beside, 'files'), spec.files)
    await writeFile(join(beside, 'instance.json'), JSON.stringify(record), { mode: 0o600 })
    // Without a record, what is there is what an end in the middle left.
    await rm(folder, { recursive: true, force: true })
    await rename(beside, folder)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    throw error
  }
}

const UNFINISHED = '.new-'

/** Removes folders that processes which are gone did not finish. */
export async function removeUnfinished(root: string, isAlive: (pid: number) => boolean): Promise<void> {
  for (const name of await readdir(root)) {
    const maker = name.startsWith(UNFINISHED) ? Number.parseInt(name.slice(UNFINISHED.length), 10) : undefined
    if (maker !== undefined && !isAlive(maker)) await rm(join(root, name), { recursive: true, force: true })
  }
}

/** Absolute paths are kept below the instance's own folder: a plain process has no file system of its own. */
async function writeSecretFiles(folder: string, files: readonly InstanceFile[]): Promise<void> {
  for (const file of files) {
    const path = join(folder, normalize(`/${file.path}`))
    if (file.path.split('/').includes('..') || file.path.includes('\0')) {
      throw new FairwayError(
        'invalid_path',
        `The secret file "${file.path}" would leave its folder. Remove "..".`,
      )
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, Buffer.from(file.contentBase64, 'base64'), { mode: file.mode ?? 0o600 })
  }
}

export function readRecord(root: string, id: string): InstanceRecord | undefined {
  const text = readIfThere(join(folderOf(root, id), 'instance.json'))
  return text === undefined ? undefined : (JSON.parse(text) as InstanceRecord)
}

export async function listRecords(root: string): Promise<InstanceRecord[]> {
  const names = await readdir(root)
  return names.flatMap((name) => (ID.test(name) ? (readRecord(root, name) ?? []) : []))
}

/** The shim's process id, once it runs. */
export function readPid(root: string, id: string): number | undefined {
  const pid = Number(readIfThere(join(folderOf(root, id), 'pid')))
  return pid > 0 ? pid : undefined
}

/** The shell's exit status of the program: 128 + n after signal n; NaN when it was lost. */
export function readExit(root: string, id: string): number | undefined {
  const text = readIfThere(join(folderOf(root, id), 'exit'))
  return text === undefined ? undefined : Number(text)
}

/** Undefined: the instance was removed meanwhile. */
export async function readExitTime(root: string, id: string): Promise<Date | undefined> {
  try {
    return (await stat(join(folderOf(root, id), 'exit'))).mtime
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

export const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
