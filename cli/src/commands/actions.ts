import type { Command } from 'commander'
import type { Json } from '../client.ts'
import { readDocument } from '../documents.ts'
import { CliError, exitCodes } from '../exit.ts'
import { printJson, remark } from '../output.ts'
import { openSession, type Session } from '../session.ts'

type Kind = 'services' | 'jobs' | 'addons'

const kinds: Readonly<Record<string, Kind>> = { service: 'services', job: 'jobs', addon: 'addons' }

/** Things one does to a resource that is there: restart, pause, resume, scale, run, build, backup. */
export function addActionCommands(program: Command): void {
  simpleAction(program, 'restart', ['service', 'addon'], 'start new instances, then stop the old ones')
  simpleAction(program, 'pause', ['service', 'job', 'addon'], 'stop everything of it and keep its settings')
  simpleAction(program, 'resume', ['service', 'job', 'addon'], 'undo pause')
  addScale(program)
  addRunJob(program)
  addStartBuild(program)
  addBackup(program)
}

function simpleAction(program: Command, verb: string, nouns: readonly string[], description: string): void {
  const parent = program.command(verb).description(description)
  for (const noun of nouns) {
    parent
      .command(`${noun} <id>`)
      .option('-i, --input <json>', 'options of the request')
      .action(async (id: string, options: { input?: string }, command: Command) => {
        const body = options.input === undefined ? {} : (JSON.parse(options.input) as Json)
        await act(openSession(command), {
          noun,
          id,
          path: verb,
          body,
          done: `${verb} of ${noun} ${id} requested`,
        })
      })
  }
}

type Act = { noun: string; id: string; path: string; body: Json; done: string }

async function act(session: Session, { noun, id, path, body, done }: Act): Promise<void> {
  const kind = kinds[noun]
  if (kind === undefined) throw new CliError(exitCodes.usage, `Unknown kind of resource: ${noun}`)
  const reply = await session.client.request(
    'POST',
    `/projects/${session.project()}/${kind}/${encodeURIComponent(id)}/${path}`,
    body,
  )
  if (session.format === 'json') printJson(reply)
  else remark(reply.id === undefined ? done : `${done}: ${reply.runName ?? reply.id}`)
}

function addScale(program: Command): void {
  program
    .command('scale')
    .description('set the number of instances')
    .command('service <id> <instances>')
    .action(async (id: string, instances: string, _options, command: Command) => {
      const body = { instances: Number(instances) }
      await act(openSession(command), {
        noun: 'service',
        id,
        path: 'scale',
        body,
        done: `${id}: ${instances} wanted`,
      })
    })
}

type RunOptions = { file?: string; input?: string }

function addRunJob(program: Command): void {
  program
    .command('run')
    .description('run a job once')
    .command('job <id>')
    .option('-f, --file <path>', 'overrides for this run')
    .option('-i, --input <json>', 'overrides for this run')
    .action(async (id: string, { file, input }: RunOptions, command: Command) => {
      const body = file ? readDocument(file) : input ? (JSON.parse(input) as Json) : {}
      await act(openSession(command), { noun: 'job', id, path: 'runs', body, done: `job ${id} started` })
    })
}

function addStartBuild(program: Command): void {
  program
    .command('build')
    .description('start a build')
    .command('service <id>')
    .option('--branch <branch>')
    .option('--sha <sha>')
    .action(async (id: string, { branch, sha }: { branch?: string; sha?: string }, command: Command) => {
      const body = { ...(branch && { branch }), ...(sha && { sha }) }
      await act(openSession(command), {
        noun: 'service',
        id,
        path: 'build',
        body,
        done: `build of ${id} started`,
      })
    })
}

function addBackup(program: Command): void {
  program
    .command('backup')
    .description('back an addon up now')
    .command('addon <id>')
    .option('--type <type>', 'snapshot or dump', 'snapshot')
    .action(async (id: string, { type }: { type: string }, command: Command) => {
      const body = { backupType: type }
      await act(openSession(command), {
        noun: 'addon',
        id,
        path: 'backups',
        body,
        done: `backup of ${id} started`,
      })
    })
  program
    .command('restore')
    .description('restore an addon from a backup')
    .command('addon <id> <backup>')
    .action(async (id: string, backup: string, _options, command: Command) => {
      const path = `backups/${encodeURIComponent(backup)}/restore`
      await act(openSession(command), { noun: 'addon', id, path, body: {}, done: `restore of ${id} started` })
    })
}
