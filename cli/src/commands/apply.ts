import { Command } from 'commander'
import type { Json } from '../client.ts'
import { readDocuments } from '../documents.ts'
import { CliError, exitCodes } from '../exit.ts'
import { printJson, remark } from '../output.ts'
import { openSession, type Session } from '../session.ts'

/**
 * `fairway apply -f FILE`: creates or replaces what the documents name, in their order. A document is
 * `{kind, spec}` with the kinds of Northflank's templates, so one node of a template is a document too.
 */
export function addApply(program: Command): void {
  program.addCommand(
    new Command('apply')
      .description('create or replace what the documents of a file name')
      .requiredOption('-f, --file <path>', 'JSON or YAML, several documents allowed; - for standard input')
      .action(async ({ file }: { file: string }, command: Command) => {
        const session = openSession(command)
        const replies: Json[] = []
        for (const document of readDocuments(file)) replies.push(await applyOne(session, document))
        if (session.format === 'json') printJson(replies)
      }),
  )
}

const collections: Readonly<Record<string, string>> = {
  CombinedService: 'services/combined',
  BuildService: 'services/build',
  DeploymentService: 'services/deployment',
  ManualJob: 'jobs/manual',
  CronJob: 'jobs/cron',
  Addon: 'addons',
  SecretGroup: 'secrets',
  Pipeline: 'pipelines',
}

async function applyOne(session: Session, document: Json): Promise<Json> {
  const { kind, spec } = document as { kind?: string; spec?: Json }
  if (kind === undefined || spec === undefined) {
    throw new CliError(exitCodes.usage, 'Each document needs "kind" and "spec".')
  }
  const reply = await save(session, kind, spec)
  if (session.format === 'table') remark(`${kind} ${spec.name ?? spec.stage ?? ''} saved`)
  return reply
}

function save(session: Session, kind: string, spec: Json): Promise<Json> {
  if (kind === 'Project') return session.client.request('PUT', '/projects', spec)
  if (kind === 'ResourceTag') return session.client.request('PUT', '/tags', spec)
  if (kind === 'ReleaseFlow') return saveFlow(session, spec)
  const collection = collections[kind]
  if (collection === undefined) {
    const known = ['Project', 'ResourceTag', 'ReleaseFlow', ...Object.keys(collections)].join(', ')
    throw new CliError(exitCodes.usage, `Unknown kind "${kind}". Known kinds: ${known}.`)
  }
  return session.client.request('PUT', `/projects/${session.project()}/${collection}`, spec)
}

/** `spec` names the pipeline and stage; everything else is the flow's document. */
function saveFlow(session: Session, { pipeline, stage, ...document }: Json): Promise<Json> {
  if (pipeline === undefined || stage === undefined) {
    throw new CliError(exitCodes.usage, 'A ReleaseFlow document needs spec.pipeline and spec.stage.')
  }
  const path = `/projects/${session.project()}/pipelines/${pipeline}/release-flows/${stage}`
  return session.client.request('POST', path, document)
}
