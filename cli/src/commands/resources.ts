import type { Command } from 'commander'
import type { Json } from '../client.ts'
import { readDocument } from '../documents.ts'
import { CliError, exitCodes } from '../exit.ts'
import { type Noun, nouns } from '../nouns.ts'
import { print, printFields, printJson, printTable, remark } from '../output.ts'
import { openSession, type Session } from '../session.ts'

/** `fairway get|list|create|put|patch|delete NOUN …`, one subcommand a noun. */
export function addResourceCommands(program: Command): void {
  const verbs = {
    list: program.command('list').alias('ls').description('list resources'),
    get: program.command('get').description('show one resource'),
    create: program.command('create').description('create a resource from a name or a document'),
    put: program.command('put').description('create or replace a resource from a document'),
    patch: program.command('patch').description('change parts of a resource'),
    delete: program.command('delete').alias('rm').description('delete a resource'),
  }
  for (const [name, noun] of Object.entries(nouns)) {
    addList(verbs.list, name, noun)
    addGet(verbs.get, name, noun)
    addSave(verbs.create, name, noun, 'POST')
    addSave(verbs.put, name, noun, 'PUT')
    addPatch(verbs.patch, name, noun)
    addDelete(verbs.delete, name, noun)
  }
}

export const pathOf = (noun: Noun, session: Session): string =>
  noun.path.includes('{project}') ? noun.path.replace('{project}', session.project()) : noun.path

function addList(parent: Command, name: string, noun: Noun): void {
  parent
    .command(noun.plural)
    .alias(name)
    .action(async (_options, command: Command) => {
      const session = openSession(command)
      const reply = await session.client.request('GET', `${pathOf(noun, session)}?per_page=100`)
      const rows = (reply[noun.list] ?? []) as Json[]
      if (session.format === 'json') printJson(rows)
      else printTable(rows, noun.columns)
    })
}

function addGet(parent: Command, name: string, noun: Noun): void {
  parent
    .command(`${name} <id>`)
    .alias(noun.plural)
    .action(async (id: string, _options, command: Command) => {
      const session = openSession(command)
      const reply = await session.client.request('GET', `${pathOf(noun, session)}/${encodeURIComponent(id)}`)
      if (session.format === 'json') printJson(reply)
      else printFields(reply)
    })
}

type SaveOptions = { file?: string; input?: string; type?: string }

function addSave(parent: Command, name: string, noun: Noun, method: 'POST' | 'PUT'): void {
  const command = parent
    .command(`${name} [name]`)
    .option('-f, --file <path>', 'a JSON or YAML document, - for standard input')
    .option('-i, --input <json>', 'the document itself')
  if (noun.typed) command.requiredOption('-t, --type <type>', Object.keys(noun.typed).join(', '))
  command.action(async (given: string | undefined, options: SaveOptions, self: Command) => {
    const session = openSession(self)
    const body = { ...documentOf(options, noun, name), ...(given !== undefined && { name: given }) }
    const reply = await session.client.request(
      method,
      `${pathOf(noun, session)}${typedPath(noun, options.type)}`,
      body,
    )
    if (session.format === 'json') return printJson(reply)
    remark(`${name} ${method === 'POST' ? 'created' : 'saved'}:`)
    print(String(reply.id ?? reply.name))
  })
}

function addPatch(parent: Command, name: string, noun: Noun): void {
  const command = parent
    .command(`${name} <id>`)
    .option('-f, --file <path>', 'the changed parts, JSON or YAML, - for standard input')
    .option('-i, --input <json>', 'the changed parts')
  if (noun.typed) command.option('-t, --type <type>', Object.keys(noun.typed).join(', '))
  command.action(async (id: string, options: SaveOptions, self: Command) => {
    const session = openSession(self)
    const path = `${pathOf(noun, session)}${typedPath(noun, options.type)}/${encodeURIComponent(id)}`
    const reply = await session.client.request('PATCH', path, documentOf(options, noun, name))
    if (session.format === 'json') printJson(reply)
    else remark(`${name} ${id} changed`)
  })
}

function addDelete(parent: Command, name: string, noun: Noun): void {
  parent
    .command(`${name} <id>`)
    .option('-y, --yes', 'do not ask for confirmation')
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const session = openSession(command)
      if (!options.yes && process.stdin.isTTY) await confirmName(name, id)
      await session.client.request('DELETE', `${pathOf(noun, session)}/${encodeURIComponent(id)}`)
      remark(`${name} ${id} deleted`)
    })
}

async function confirmName(noun: string, id: string): Promise<void> {
  const { createInterface } = await import('node:readline/promises')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await prompt.question(
    `This deletes ${noun} "${id}" and what it holds. Type its id to go on: `,
  )
  prompt.close()
  if (answer.trim() !== id) throw new CliError(exitCodes.usage, 'Not deleted: the id did not match.')
}

function typedPath(noun: Noun, type: string | undefined): string {
  if (noun.typed === undefined || type === undefined) return ''
  const part = noun.typed[type]
  if (part !== undefined) return `/${part}`
  throw new CliError(exitCodes.usage, `--type must be one of ${Object.keys(noun.typed).join(', ')}`)
}

function documentOf({ file, input }: SaveOptions, noun: Noun, name: string): Json {
  if (file !== undefined) return readDocument(file)
  if (input !== undefined) return JSON.parse(input) as Json
  if (noun.createFromName) return {}
  throw new CliError(exitCodes.usage, `Describe the ${name}: give --file PATH or --input JSON.`)
}
