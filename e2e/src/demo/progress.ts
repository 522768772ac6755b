import pc from 'picocolors'
import type { Json, Rest } from '../fairway/rest.ts'
import { PROJECT } from '../fairway/shop-setup.ts'

type Node = Json & {
  kind: string
  ref?: string
  spec?: Json & { steps?: Node[] }
  response?: { status?: string; startTime?: number; endTime?: number; error?: { message?: string } }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const FINAL = ['success', 'failure', 'aborted', 'skipped']

/** Prints each node of a run and each instance of a service whenever its state changes, until the run has ended. */
export async function followRun(call: Rest, runPath: string, service: string): Promise<Json> {
  const seen = new Map<string, string>()
  for (;;) {
    const run = await call('GET', runPath)
    printNodes(run.spec as Node, seen)
    printInstances(await containers(call, service), service, seen)
    if (FINAL.includes(String(run.status))) return run
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function containers(call: Rest, service: string): Promise<Json[]> {
  const reply = await call('GET', `/projects/${PROJECT}/services/${service}/containers`)
  return (reply.containers ?? []) as Json[]
}

function printNodes(node: Node, seen: Map<string, string>, path = '0'): void {
  const { status = 'waiting', startTime, endTime, error } = node.response ?? {}
  if (status !== 'waiting' && seen.get(path) !== status && node.kind !== 'Workflow') {
    const time =
      startTime !== undefined && endTime !== undefined ? pc.dim(` ${(endTime - startTime).toFixed(1)} s`) : ''
    say(
      `    ${markOf(status)} ${nodeName(node)}  ${status}${time}${error?.message ? `  ${pc.red(error.message)}` : ''}`,
    )
  }
  seen.set(path, status)
  for (const [index, step] of (node.spec?.steps ?? []).entries()) printNodes(step, seen, `${path}.${index}`)
}

function nodeName({ kind, ref, spec = {} }: Node): string {
  const target = (spec.target as Json | undefined)?.id ?? spec.jobId ?? spec.addonId ?? spec.id ?? ''
  return `${kind}${ref === undefined ? '' : ` ${pc.bold(ref)}`} ${pc.cyan(String(target))}`
}

function markOf(status: string): string {
  if (status === 'success') return pc.green('✓')
  if (status === 'failure' || status === 'aborted') return pc.red('✗')
  return pc.yellow('●')
}

function printInstances(instances: readonly Json[], service: string, seen: Map<string, string>): void {
  for (const { name, status, ready, draining } of instances) {
    const state = draining ? 'draining' : ready ? 'ready' : String(status)
    if (seen.get(String(name)) === state) continue
    seen.set(String(name), state)
    say(`        ${pc.dim('instance')} ${service}/${String(name).slice(0, 8)}  ${state}`)
  }
}
