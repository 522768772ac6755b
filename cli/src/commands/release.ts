import { Command } from 'commander'
import type { Json } from '../client.ts'
import { CliError, exitCodes } from '../exit.ts'
import { printJson, printTable, remark } from '../output.ts'
import { openSession, type Session } from '../session.ts'
import { printPlan } from './release-plan.ts'
import { watchRun } from './release-watch.ts'

/** `fairway release run|watch|plan|rollback|approve|reject|abort|retry|list|show PIPELINE STAGE …`. */
export function addReleaseCommands(program: Command): void {
  const release = program.command('release').description('run release flows, watch them, roll back')
  release.addCommand(runCommand())
  release.addCommand(planCommand())
  release.addCommand(listCommand())
  release.addCommand(watchCommand())
  release.addCommand(rollbackCommand())
  release.addCommand(answerCommand('approve', 'approved'))
  release.addCommand(answerCommand('reject', 'rejected'))
  release.addCommand(plainCommand('abort', 'ask a run to stop; it ends when what runs has ended'))
  release.addCommand(plainCommand('retry', 'go on from the failed nodes'))
}

export const flowPath = (session: Session, pipeline: string, stage: string): string =>
  `/projects/${session.project()}/pipelines/${encodeURIComponent(pipeline)}/release-flows/${encodeURIComponent(stage)}`

const collect = (value: string, all: string[]): string[] => [...all, value]

function keyValues(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new CliError(exitCodes.usage, `--arg takes NAME=VALUE, not "${pair}"`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

type RunOptions = { arg: string[]; name?: string; description?: string; detach?: boolean }

function runCommand(): Command {
  return new Command('run')
    .description('run the release flow of a stage and watch it')
    .argument('<pipeline>')
    .argument('<stage>')
    .option('-a, --arg <name=value>', 'an argument of the flow; repeatable', collect, [])
    .option('--name <name>')
    .option('--description <text>')
    .option('-d, --detach', 'do not wait for the end')
    .action(async (pipeline: string, stage: string, options: RunOptions, command: Command) => {
      const session = openSession(command)
      const run = await session.client.request('POST', `${flowPath(session, pipeline, stage)}/runs`, {
        ...(options.name && { name: options.name }),
        ...(options.description && { description: options.description }),
        ...(options.arg.length > 0 && { arguments: keyValues(options.arg) }),
      })
      await follow(session, { pipeline, stage, run, detach: options.detach ?? false })
    })
}

type Started = { pipeline: string; stage: string; run: Json; detach: boolean }

async function follow(session: Session, { pipeline, stage, run, detach }: Started): Promise<void> {
  const id = String(run.id)
  if (session.format === 'table') remark(`run ${id}`)
  if (detach && session.format === 'json') printJson(run)
  if (!detach) await watchRun(session, flowPath(session, pipeline, stage), id)
}

function planCommand(): Command {
  return new Command('plan')
    .description('what a run would change, without running it')
    .argument('<pipeline>')
    .argument('<stage>')
    .option('--rollback <run>', 'the plan of rolling back to this run instead')
    .action(async (pipeline: string, stage: string, options: { rollback?: string }, command: Command) => {
      const session = openSession(command)
      const base = flowPath(session, pipeline, stage)
      const path = options.rollback ? `${base}/runs/${options.rollback}/rollback/plan` : `${base}/plan`
      const plan = await session.client.request('GET', path)
      if (session.format === 'json') printJson(plan)
      else printPlan(plan)
    })
}

function listCommand(): Command {
  return new Command('list')
    .description('the runs of a stage, newest first')
    .argument('<pipeline>')
    .argument('<stage>')
    .action(async (pipeline: string, stage: string, _options, command: Command) => {
      const session = openSession(command)
      const reply = await session.client.request('GET', `${flowPath(session, pipeline, stage)}/runs`)
      const runs = (reply.runs ?? []) as Json[]
      if (session.format === 'json') printJson(runs)
      else
        printTable(runs, {
          ID: 'id',
          KIND: 'kind',
          NAME: 'name',
          STATUS: 'status',
          STARTED: 'startedAt',
          ENDED: 'concludedAt',
        })
    })
}

function watchCommand(): Command {
  return new Command('watch')
    .alias('show')
    .description('follow a run to its end; exit status 1 when it failed')
    .argument('<pipeline>')
    .argument('<stage>')
    .argument('<run>')
    .action(
      async (pipeline: string, stage: string, ...[run, _options, command]: [string, unknown, Command]) => {
        const session = openSession(command)
        await watchRun(session, flowPath(session, pipeline, stage), run)
      },
    )
}

type RollbackOptions = {
  configuration?: boolean
  secrets?: boolean
  flow?: boolean
  detach?: boolean
  yes?: boolean
}

function rollbackCommand(): Command {
  return new Command('rollback')
    .description('bring the stage back to what it was after a run')
    .argument('<pipeline>')
    .argument('<stage>')
    .argument('<run>', 'the run to go back to')
    .option('--configuration', 'also the configuration of that time')
    .option('--secrets', 'also the secret values of that time')
    .option('--flow', 'also the flow document of that time')
    .option('-d, --detach', 'do not wait for the end')
    .action(rollback)
}

async function rollback(
  pipeline: string,
  stage: string,
  ...[target, options, command]: [string, RollbackOptions, Command]
): Promise<void> {
  const session = openSession(command)
  const path = `${flowPath(session, pipeline, stage)}/runs/${encodeURIComponent(target)}/rollback`
  if (session.format === 'table') printPlan(await session.client.request('GET', `${path}/plan`))
  const { configuration, secrets, flow } = options
  const run = await session.client.request('POST', path, {
    ...(configuration && { configuration }),
    ...(secrets && { secrets }),
    ...(flow && { flow }),
  })
  await follow(session, { pipeline, stage, run, detach: options.detach ?? false })
}

type AnswerOptions = { node?: string; comment?: string }

function answerCommand(name: string, verdict: 'approved' | 'rejected'): Command {
  return new Command(name)
    .description(verdict === 'approved' ? 'let a waiting run go on' : 'fail a waiting run')
    .argument('<pipeline>')
    .argument('<stage>')
    .argument('<run>')
    .option('--node <ref or path>', 'which approval, when several wait')
    .option('--comment <text>')
    .action(
      async (
        pipeline: string,
        stage: string,
        ...[run, options, command]: [string, AnswerOptions, Command]
      ) => {
        const session = openSession(command)
        const reply = await session.client.request(
          'POST',
          `${flowPath(session, pipeline, stage)}/runs/${run}/approvals`,
          {
            verdict,
            ...(options.node && (/^\d/.test(options.node) ? { path: options.node } : { ref: options.node })),
            ...(options.comment && { comment: options.comment }),
          },
        )
        if (session.format === 'json') printJson(reply)
        else remark(`${verdict}`)
      },
    )
}

function plainCommand(verb: 'abort' | 'retry', description: string): Command {
  return new Command(verb)
    .description(description)
    .argument('<pipeline>')
    .argument('<stage>')
    .argument('<run>')
    .action(
      async (pipeline: string, stage: string, ...[run, _options, command]: [string, unknown, Command]) => {
        const session = openSession(command)
        await session.client.request('POST', `${flowPath(session, pipeline, stage)}/runs/${run}/${verb}`, {})
        remark(`${verb} of ${run} requested`)
      },
    )
}
