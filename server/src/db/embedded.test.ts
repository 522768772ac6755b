import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { silentLog } from '../lib/log.ts'
import { programArguments } from '../lib/test-life.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from './embedded.ts'

const folders: string[] = []
const databases: EmbeddedDatabase[] = []
const owners: ChildProcess[] = []

afterEach(async () => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL')
  for (const database of databases.splice(0)) await database.stop()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairway-embedded-'))
  folders.push(folder)
  return folder
}

async function start(folder: string): Promise<EmbeddedDatabase> {
  const database = await startEmbeddedDatabase(folder, silentLog())
  databases.push(database)
  return database
}

async function numbersIn(database: EmbeddedDatabase): Promise<number[]> {
  const client = new pg.Client(database.connectionString)
  await client.connect()
  const { rows } = await client.query<{ n: number }>('select n from written order by n')
  await client.end()
  return rows.map(({ n }) => n)
}

/** A program of its own that owns the database and writes until it is killed; answers what it said it wrote. */
async function ownUntilKilled(folder: string, count: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    [...programArguments('test-embedded-owner.ts', import.meta.url), folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  owners.push(child)
  const written: number[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    written.push(Number(line))
    if (written.length === count) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return written
}

test('nothing that was committed is lost when its owner is killed, again and again', async () => {
  const folder = await dataFolder()
  const first = await ownUntilKilled(folder, 20)
  const second = await ownUntilKilled(folder, 20)
  const database = await start(folder)
  expect(database.adopted).toBe(true)
  const kept = await numbersIn(database)
  for (const n of [...first, ...second]) expect(kept).toContain(n)
})

test('a second server on the same data folder is refused, and the first one goes on', async () => {
  const folder = await dataFolder()
  const database = await start(folder)
  await expect(startEmbeddedDatabase(folder, silentLog())).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  const client = new pg.Client(database.connectionString)
  await client.connect()
  await client.query('select 1')
  await client.end()
})

test('of two servers that start together on an empty folder, exactly one gets it', async () => {
  const folder = await dataFolder()
  const results = await Promise.allSettled([start(folder), start(folder)])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('after a clean stop the folder is free and opens with its data and its password', async () => {
  const folder = await dataFolder()
  const first = await start(folder)
  databases.splice(0)
  await first.stop()
  const second = await start(folder)
  expect(second.adopted).toBe(false)
  expect(second.connectionString).toBe(first.connectionString)
  const password = (await readFile(join(folder, 'postgres.password'), 'utf8')).trim()
  const [pid] = (await readFile(join(folder, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password)
})
