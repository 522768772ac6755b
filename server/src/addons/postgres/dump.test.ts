import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findClientPrograms } from './client-programs.ts'
import { dumpDatabase, loadDump } from './dump.ts'
import { createPostgresEngine } from './engine.ts'

// The npm packages bring no pg_dump, so these programs stand in for it: they show how ours are called, not what they do.

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairway-dump-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function install(name: string, body: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && { echo "${name} (PostgreSQL) $VERSION"; exit 0; }\n${body}\n`,
  )
  await chmod(path, 0o755)
  return path
}

async function installBoth(version: string): Promise<void> {
  for (const name of ['pg_dump', 'pg_restore']) {
    const path = await install(name, 'exit 0')
    await writeFile(path, (await readFile(path, 'utf8')).replace('$VERSION', version))
  }
}

const settings = {
  version: 'latest',
  database: 'shop',
  username: 'shopper',
  password: 'theirs',
  adminPassword: 'top secret',
}
const session = (program: string) => ({ program, port: 5432, settings, signal: new AbortController().signal })

async function textOf(data: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of data) text += Buffer.from(chunk).toString()
  return text
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

test.each([
  ['17.6', false],
  ['18.0', true],
  ['18beta1', true],
  ['19.1', true],
])('client programs %s are taken for an 18.4 server: %s', async (version, taken) => {
  await installBoth(version)
  expect((await findClientPrograms('18.4', [folder])) !== undefined).toBe(taken)
})

test('without them only snapshots are offered', async () => {
  const engine = createPostgresEngine({ data: folder, programs: folder, clients: [folder] })
  expect(await engine.backupTypes()).toEqual(['snapshot'])
  await installBoth('18.4')
  expect(await engine.backupTypes()).toEqual(['snapshot', 'dump'])
})

test('the password reaches pg_dump by environment and never as an argument', async () => {
  const program = await install('pg_dump', 'echo "$@"; echo "password=$PGPASSWORD"')
  const [args, password] = (await textOf(dumpDatabase(session(program)))).split('\n')
  expect(args).toBe(
    '--host=127.0.0.1 --port=5432 --username=postgres --dbname=shop --format=custom --compress=none',
  )
  expect(password).toBe('password=top secret')
})

test('a dump that fails half way is an error, and its words stay in the detail', async () => {
  const program = await install('pg_dump', 'echo half; echo "pg_dump: error: relation is gone" >&2; exit 1')
  await expect(textOf(dumpDatabase(session(program)))).rejects.toMatchObject({
    code: 'backup_failed',
    detail: expect.stringContaining('relation is gone'),
  })
})

test('a dump is loaded whole, as the addon’s own user, or the restore fails', async () => {
  const taken = join(folder, 'taken')
  const program = await install('pg_restore', `echo "$@" > ${taken}; cat >> ${taken}`)
  await loadDump(session(program), once('the dump'))
  expect(await readFile(taken, 'utf8')).toContain('--exit-on-error --no-owner --role=shopper\nthe dump')
  const failing = await install('pg_restore', 'cat > /dev/null; echo "no such role" >&2; exit 1')
  await expect(loadDump(session(failing), once('the dump'))).rejects.toMatchObject({
    code: 'restore_failed',
    detail: expect.stringContaining('no such role'),
  })
})
