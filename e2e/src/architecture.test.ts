import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const server = join(root, 'server/src')

/** The table of ARCHITECTURE.md: which folder of the server may import which others. */
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  db: ['lib'],
  operations: ['db', 'lib'],
  flows: ['operations', 'db', 'lib'],
  reconcile: ['operations', 'db', 'triggers', 'lib'],
  runtimes: ['lib'],
  builders: ['lib'],
  traffic: ['lib'],
  addons: ['lib'],
  sources: ['lib'],
  notifiers: ['lib'],
  registries: ['lib'],
  hosts: ['lib'],
  certificates: ['lib'],
  triggers: ['lib'],
  api: ['operations', 'db', 'lib'],
}

/** Adapters may name the type of the port they implement, nothing else of its owner. */
const adapters = [
  'runtimes',
  'builders',
  'traffic',
  'addons',
  'sources',
  'hosts',
  'notifiers',
  'registries',
  'certificates',
]

type Import = { from: string; to: string; typeOnly: boolean }

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .filter((entry) => !/(^|-)test-|-contract\.ts/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const pattern = /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gms
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    to: match[2]!.startsWith('.') ? resolve(dirname(file), match[2]!) : match[2]!,
    typeOnly: match[1] !== undefined,
  }))
}

const folderOf = (file: string): string => relative(server, file).split('/')[0]!

function allowed({ from, to, typeOnly }: Import): boolean {
  if (!to.startsWith(server)) return true
  const [source, target] = [folderOf(from), folderOf(to)]
  if (source === target || mayImport[source] === undefined) return true
  if (mayImport[source].includes(target)) return true
  return (
    adapters.includes(source) && typeOnly && /(reconcile|operations\/triggers)\/[a-z-]+-port\.ts$/.test(to)
  )
}

describe('the import table', () => {
  test('every folder of the server imports only what ARCHITECTURE.md allows', () => {
    const broken = sources(server)
      .flatMap(importsOf)
      .filter((one) => !allowed(one))
      .map(({ from, to }) => `${relative(root, from)} -> ${relative(root, to)}`)
    expect(broken).toEqual([])
  })

  test('the contract depends on zod only, the gateway and the command line on the contract only', () => {
    const foreign = ['contract', 'gateway', 'cli']
      .flatMap((name) => sources(join(root, name, 'src')))
      .flatMap(importsOf)
      .filter(({ to }) => to.startsWith('@fairway/') && !to.startsWith('@fairway/contract/'))
    const contract = sources(join(root, 'contract/src'))
      .flatMap(importsOf)
      .filter(({ to }) => !to.startsWith('/') && to !== 'zod')
    expect([...foreign, ...contract].map(({ from, to }) => `${relative(root, from)} -> ${to}`)).toEqual([])
  })

  test('no file is called index, and no name says helper, util or manager', () => {
    const badly = ['contract', 'gateway', 'cli', 'server', 'e2e']
      .flatMap((name) => sources(join(root, name, 'src')))
      .filter((file) => /(^|[/-])(index|utils?|helpers?|manager|common)(-[a-z]+)?\.ts$/.test(file))
    expect(badly).toEqual([])
  })
})
