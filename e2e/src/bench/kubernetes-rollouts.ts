/** A plain Deployment's rollout under the same load, where KUBECONFIG names a cluster whose nodes have the images. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { waitFor } from '../fairway/wait-for.ts'
import type { LoadReport } from '../load/load-report.ts'
import { startLoad } from '../load/start-load.ts'
import { dockerLoad, INSTANCES } from './docker-load.ts'

const run = promisify(execFile)
const NAME = `bench-${process.pid}`

/** `undefined` without a cluster. */
export async function rollOutOnKubernetes(
  images: readonly string[],
  rollouts: number,
): Promise<LoadReport | undefined> {
  if (process.env.KUBECONFIG === undefined) return undefined
  // A pod names an image by name, not by the engine's id.
  const names = await Promise.all(
    images.map((image, i) => tag(image, `bench.local/tiny:${process.pid}-${i}`)),
  )
  await apply(documents(names[0] ?? ''))
  try {
    await kubectl('rollout', 'status', `deployment/${NAME}`, '--timeout=180s')
    const address = (await kubectl('get', 'service', NAME, '-o', 'jsonpath={.spec.clusterIP}')).trim()
    const url = `http://${address}:3000`
    await waitFor('the service to answer', () => answers(url), { deadlineMs: 60_000 })
    // Pods are reached directly: the example program itself speaks HTTP/1.1 only.
    const load = startLoad(dockerLoad(url, undefined, 0))
    for (let i = 1; i <= rollouts; i += 1) {
      await kubectl('set', 'image', `deployment/${NAME}`, `app=${names[i % 2]}`)
      await kubectl('rollout', 'status', `deployment/${NAME}`, '--timeout=180s')
    }
    return await load.stop()
  } finally {
    await kubectl('delete', 'deployment,service', NAME, '--wait=false')
    for (const name of names) await run('docker', ['rmi', name])
  }
}

const kubectl = async (...args: string[]): Promise<string> => (await run('kubectl', args)).stdout

async function tag(image: string, name: string): Promise<string> {
  await run('docker', ['tag', image, name])
  return name
}

async function apply(list: object): Promise<void> {
  const child = run('kubectl', ['apply', '-f', '-'])
  child.child.stdin?.end(JSON.stringify(list))
  await child
}

const documents = (image: string): object => ({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: NAME },
      spec: {
        replicas: INSTANCES,
        selector: { matchLabels: { app: NAME } },
        template: {
          metadata: { labels: { app: NAME } },
          spec: {
            containers: [
              {
                name: 'app',
                image,
                imagePullPolicy: 'Never',
                env: [{ name: 'PORT', value: '3000' }],
                ports: [{ containerPort: 3000 }],
                readinessProbe: { httpGet: { path: '/ready', port: 3000 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: NAME },
      spec: { selector: { app: NAME }, ports: [{ port: 3000 }] },
    },
  ],
})

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ready`)).ok
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
