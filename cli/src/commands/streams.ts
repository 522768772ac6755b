import { Command } from 'commander'
import pc from 'picocolors'
import type { Json } from '../client.ts'
import { print } from '../output.ts'
import { openSession, type Session } from '../session.ts'
import { runOnTerminal } from '../terminal.ts'

/** `fairway logs` and `fairway exec`. */
export function addStreamCommands(program: Command): void {
  program.addCommand(logsCommand())
  program.addCommand(execCommand())
}

type LogOptions = { follow?: boolean; tail: string; instance?: string; run?: string; build?: string }

function logsCommand(): Command {
  return new Command('logs')
    .description('the log of a service, a job run or a build')
    .argument('<kind>', 'service or job')
    .argument('<id>')
    .option('-f, --follow', 'go on with new lines')
    .option('-n, --tail <lines>', 'how many of the last lines first', '100')
    .option('--instance <id>', 'one instance only')
    .option('--run <id>', 'the run of a job; default its newest')
    .option('--build <id>', 'the log of a build instead')
    .action(async (kind: string, id: string, ...[options, command]: [LogOptions, Command]) => {
      const session = openSession(command)
      const query = new URLSearchParams({ tail: options.tail, follow: String(options.follow ?? false) })
      if (options.instance) query.set('instance', options.instance)
      if (options.run) query.set('run', options.run)
      const base = `/projects/${session.project()}/${kind === 'job' ? 'jobs' : 'services'}/${encodeURIComponent(id)}`
      const path = options.build
        ? `${base}/build/${encodeURIComponent(options.build)}/logs/stream`
        : `${base}/logs/stream`
      for await (const { event, data } of session.client.stream(`${path}?${query}`)) {
        if (event === 'line') printLogLine(data, session.format === 'json')
      }
    })
}

function printLogLine(line: Json, json: boolean): void {
  if (json) {
    print(JSON.stringify(line))
    return
  }
  const who = line.instance === undefined ? '' : `${pc.cyan(String(line.instance).slice(0, 8))} `
  const text = line.stream === 'stderr' ? pc.yellow(String(line.text)) : String(line.text)
  print(`${who}${pc.dim(String(line.at ?? '').slice(11, 23))} ${text}`)
}

type ExecOptions = { instance?: string; job?: boolean; tty?: boolean; user?: string }

function execCommand(): Command {
  return new Command('exec')
    .description('run a command in an instance of a service; the exit status is the command’s')
    .argument('<service>')
    .argument('[command...]', 'after --, without a shell: use sh -c "…" for one; default a shell')
    .option('--instance <id>', 'which instance; default any that runs')
    .option('--job', 'in a job’s run that runs now; --instance names the run')
    .option('--user <user>', 'as this user of the image, with a terminal only')
    .option('-t, --tty', 'on a terminal; default where this is one')
    .option('--no-tty', 'without a terminal')
    .action(async (service: string, argv: string[], ...[options, command]: [ExecOptions, Command]) => {
      const session = openSession(command)
      const hasTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
      if (options.tty ?? (hasTerminal || argv.length === 0 || options.job === true)) {
        process.exitCode = await runOnTerminal({
          project: session.project(),
          kind: options.job === true ? 'jobs' : 'services',
          id: service,
          context: {
            ...(argv.length > 0 && { command: argv }),
            ...(options.instance !== undefined && { instanceName: options.instance }),
            ...(options.user !== undefined && { user: options.user }),
          },
        })
        return
      }
      await execWithout(session, service, { argv, options })
    })
}

type Asked = { argv: readonly string[]; options: ExecOptions }

async function execWithout(session: Session, service: string, { argv, options }: Asked): Promise<void> {
  const path = `/projects/${session.project()}/services/${encodeURIComponent(service)}/exec`
  const body = { command: argv, ...(options.instance && { instance: options.instance }) }
  for await (const { event, data } of session.client.stream(path, { method: 'POST', body })) {
    if (event === 'stdout') process.stdout.write(Buffer.from(String(data.chunk), 'base64'))
    if (event === 'stderr') process.stderr.write(Buffer.from(String(data.chunk), 'base64'))
    if (event === 'exit') process.exitCode = Number(data.exitCode)
  }
}
