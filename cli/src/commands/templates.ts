import type { Command } from 'commander'
import type { Json } from '../client.ts'
import { printJson, printTable, remark } from '../output.ts'
import { openSession, type Session } from '../session.ts'

type Options = { args?: string[]; inProject?: boolean }

/** `fairway plan template` shows what a run would do, `fairway run template` starts one. */
export function addTemplateCommands(program: Command): void {
  withOptions(verb(program, 'plan', 'show what a run would make and change')).action(
    async (id: string, options: Options, command: Command) => {
      const session = openSession(command)
      const plan = await session.client.request(
        'POST',
        `${at(session, id, options)}/dry-run`,
        bodyOf(options),
      )
      if (session.format === 'json') return printJson(plan)
      printTable(plan.resources as Json[], { ACTION: 'action', KIND: 'kind', NAME: 'name', WHY: 'message' })
      for (const { name, differences } of plan.resources as { name: string; differences: Json[] }[])
        for (const { path, from, to } of differences)
          remark(
            `${name}: ${path}: ${JSON.stringify(from) ?? 'nothing'} → ${JSON.stringify(to) ?? 'nothing'}`,
          )
    },
  )
  withOptions(verb(program, 'run', 'run a template')).action(
    async (id: string, options: Options, command: Command) => {
      const session = openSession(command)
      const run = await session.client.request('POST', `${at(session, id, options)}/runs`, bodyOf(options))
      if (session.format === 'json') printJson(run)
      else remark(`template ${id} started: ${run.id}`)
    },
  )
}

function verb(program: Command, name: string, description: string): Command {
  const parent =
    program.commands.find((one) => one.name() === name) ?? program.command(name).description(description)
  return parent.command('template <id>').description(description)
}

const withOptions = (command: Command): Command =>
  command
    .option('--in-project', 'a template of the project instead of one of the team')
    .option('--args <name=value...>', 'arguments of the run; numbers and true or false are taken as such')

const at = (session: Session, id: string, { inProject }: Options): string =>
  `${inProject === true ? `/projects/${session.project()}` : ''}/templates/${encodeURIComponent(id)}`

const bodyOf = ({ args = [] }: Options): Json => ({ arguments: Object.fromEntries(args.map(argumentOf)) })

function argumentOf(given: string): [string, unknown] {
  const [name = '', ...rest] = given.split('=')
  const value = rest.join('=')
  return [name, /^(-?\d+(\.\d+)?|true|false)$/.test(value) ? JSON.parse(value) : value]
}
