/** What people read of a notification. Pure. */
import type { Message } from './notifier-port.ts'

type Data = Record<string, unknown>
type Words = Pick<Message, 'sentence' | 'mood'>

const part = (data: Data, name: string): Data => (data[name] ?? {}) as Data
const nameIn = (data: Data, ...kinds: string[]): string => {
  const found = kinds.map((kind) => part(data, kind)).find(({ name, id }) => (name ?? id) !== undefined)
  return String(found?.name ?? found?.id ?? '')
}

const ENDS: Record<string, string> = {
  queued: 'waits for its turn',
  start: 'started',
  success: 'succeeded',
  failure: 'failed',
  abort: 'was aborted',
  aborted: 'was aborted',
}

const moodOf = (end: string): Message['mood'] =>
  end === 'success' ? 'good' : end === 'failure' ? 'bad' : 'neutral'

/** One line, with the reason when something failed. */
export function wordsOf(event: string, data: Data): Words {
  if (event === 'test') return { sentence: 'Messages of Fairway arrive here.', mood: 'good' }
  const of = `in project ${nameIn(data, 'project')}`
  if (event === 'service:deployment:status-update') return ofDeployment(data, of)
  if (event === 'infrastructure:service:container-crash')
    return { sentence: `A container of ${nameIn(data, 'service')} ${of} crashed.`, mood: 'bad' }
  const end = event.slice(event.lastIndexOf(':') + 1)
  if (end === 'update') return ofStep(data, of)
  const { what, why } = subjectOf(event, data)
  const reason = why === undefined || why === null ? '.' : `: ${String(why)}`
  return { sentence: `${what} ${of} ${ENDS[end] ?? end}${reason}`, mood: moodOf(end) }
}

function subjectOf(event: string, data: Data): { what: string; why?: unknown } {
  if (event.startsWith('build:')) {
    const { id, branch, error } = part(data, 'build')
    return {
      what: `Build ${String(id)} of ${nameIn(data, 'service', 'job')} (${String(branch)})`,
      why: error,
    }
  }
  if (event.startsWith('job-run:')) {
    const { name, error } = part(data, 'jobRun')
    return { what: `Run ${String(name)} of job ${nameIn(data, 'job')}`, why: error }
  }
  if (event.startsWith('addon-backup:'))
    return { what: `Backup ${nameIn(data, 'backup')} of ${nameIn(data, 'addon')}` }
  return { what: runName(data) }
}

function runName(data: Data): string {
  const { stage, pipelineId, kind } = part(data, 'releaseFlowRun')
  if (stage === undefined) return `Template run ${nameIn(data, 'templateRun')}`
  const what = kind === 'rollback' ? 'The rollback' : 'The release'
  return `${what} of ${String(pipelineId)} to ${String(stage)}`
}

function ofDeployment(data: Data, of: string): Words {
  const { status, message } = part(data, 'deployment')
  const reason = message === undefined || message === null ? '.' : `: ${String(message)}`
  const mood = status === 'COMPLETED' ? 'good' : status === 'FAILED' ? 'bad' : 'neutral'
  return {
    sentence: `The deployment of ${nameIn(data, 'service')} ${of} is ${String(status)}${reason}`,
    mood,
  }
}

function ofStep(data: Data, of: string): Words {
  const { ref, kind, status } = part(data, 'node')
  const mood = status === 'success' ? 'good' : status === 'failure' ? 'bad' : 'neutral'
  return { sentence: `${runName(data)} ${of}: ${String(ref ?? kind)} is ${String(status)}.`, mood }
}

/** The page about it. */
export function linkOf(data: Data, publicUrl: string | undefined): string | undefined {
  if (publicUrl === undefined) return undefined
  const { id: projectId } = part(data, 'project')
  if (projectId === undefined) return publicUrl
  const base = `${publicUrl}/projects/${String(projectId)}`
  const run = part(data, 'releaseFlowRun')
  if (run.id !== undefined)
    return `${base}/pipelines/${String(run.pipelineId)}/${String(run.stage)}/runs/${String(run.id)}`
  for (const kind of ['service', 'job', 'addon']) {
    const { id } = part(data, kind)
    if (id !== undefined) return `${base}/${kind}s/${String(id)}`
  }
  return base
}
