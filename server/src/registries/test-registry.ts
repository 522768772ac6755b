/** For tests: images in a real registry, and a registry of the test's own that asks for a token or a password. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Platform } from './platform.ts'

export const REGISTRY = '127.0.0.1:5000'

export const registryHere = await fetch(`http://${REGISTRY}/v2/`, {
  signal: AbortSignal.timeout(2_000),
}).then(
  (answer) => answer.ok,
  () => false,
)
if (!registryHere && process.env.CI === 'true')
  throw new Error(`These tests need an OCI registry at ${REGISTRY}, and there is none.`)

export const TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
}

export const digestOf = (body: string): string => `sha256:${createHash('sha256').update(body).digest('hex')}`

/** What this process put into the real registry: manifests by repository. */
const pushed = new Map<string, Set<string>>()

export function newRepository(): string {
  const name = `fairway-test/${randomBytes(6).toString('hex')}`
  pushed.set(name, new Set())
  return name
}

/** Removes what the tests of this file pushed. */
export async function removeImages(): Promise<void> {
  for (const [name, digests] of pushed) {
    const base = `http://${REGISTRY}/v2/${name}`
    const answer = await fetch(`${base}/tags/list`)
    const tags = answer.ok ? (((await answer.json()) as { tags: string[] | null }).tags ?? []) : []
    const headers = { accept: `${TYPES.manifest}, application/vnd.docker.distribution.manifest.v2+json` }
    for (const tag of tags) {
      const { headers: found } = await fetch(`${base}/manifests/${tag}`, { method: 'HEAD', headers })
      digests.add(found.get('docker-content-digest') ?? '')
    }
    for (const digest of digests) await fetch(`${base}/manifests/${digest}`, { method: 'DELETE' })
  }
  pushed.clear()
}

const configOf = (platform: Platform): string =>
  JSON.stringify({
    ...platform,
    rootfs: { type: 'layers', diff_ids: [] },
    nonce: randomBytes(8).toString('hex'),
  })

/** The manifest and configuration of an image without layers. */
export function imageFor(platform: Platform): { manifest: string; config: string } {
  const config = configOf(platform)
  const descriptor = { mediaType: TYPES.config, digest: digestOf(config), size: config.length }
  return {
    config,
    manifest: JSON.stringify({ schemaVersion: 2, mediaType: TYPES.manifest, config: descriptor, layers: [] }),
  }
}

async function send(method: string, url: string, body: string, type: string): Promise<Response> {
  const answer = await fetch(url, { method, body, headers: { 'content-type': type } })
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
  return answer
}

async function pushBlob(repository: string, body: string): Promise<void> {
  const started = await send('POST', `http://${REGISTRY}/v2/${repository}/blobs/uploads/`, '', 'text/plain')
  const at = new URL(started.headers.get('location')!, `http://${REGISTRY}`)
  at.searchParams.set('digest', digestOf(body))
  await send('PUT', at.href, body, 'application/octet-stream')
}

/** Puts an image into the real registry, under a tag; answers the digest of what the tag points at. */
export async function pushImage(repository: string, tag: string, platform: Platform): Promise<string> {
  const { manifest, config } = imageFor(platform)
  await pushBlob(repository, config)
  await send('PUT', `http://${REGISTRY}/v2/${repository}/manifests/${tag}`, manifest, TYPES.manifest)
  pushed.get(repository)?.add(digestOf(manifest))
  return digestOf(manifest)
}

/** Puts one image for each platform into the real registry, and an index of them under a tag. */
export async function pushIndex(repository: string, tag: string, platforms: Platform[]): Promise<string> {
  const manifests = await Promise.all(
    platforms.map(async (platform) => {
      const { manifest, config } = imageFor(platform)
      const digest = digestOf(manifest)
      await pushBlob(repository, config)
      await send('PUT', `http://${REGISTRY}/v2/${repository}/manifests/${digest}`, manifest, TYPES.manifest)
      pushed.get(repository)?.add(digest)
      return { mediaType: TYPES.manifest, digest, size: manifest.length, platform }
    }),
  )
  const index = JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests })
  await send('PUT', `http://${REGISTRY}/v2/${repository}/manifests/${tag}`, index, TYPES.index)
  pushed.get(repository)?.add(digestOf(index))
  return digestOf(index)
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => void
export type OwnRegistry = { host: string; close(): Promise<void> }

/** A registry that answers as the test says. */
export async function serveRegistry(answer: Answering): Promise<OwnRegistry> {
  const server: Server = createServer(answer)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}

/** Answers for one repository: its manifest under every tag, its configuration, and two pages of tags. */
export function answerImage(request: IncomingMessage, response: ServerResponse, platform: Platform): void {
  const { manifest, config } = steady(platform)
  const url = new URL(request.url!, 'http://here')
  const name = url.pathname.replace(/\/(manifests|blobs|tags)\/.*/, '')
  if (url.pathname.includes('/manifests/missing')) return void response.writeHead(404).end('{}')
  if (url.pathname.includes('/manifests/')) return void answerJson(response, manifest, TYPES.manifest)
  if (url.pathname.includes('/blobs/')) return void answerJson(response, config, TYPES.config)
  const isLast = url.searchParams.has('last')
  if (!isLast) response.setHeader('link', `<${name}/tags/list?last=1.1&n=2>; rel="next"`)
  answerJson(response, JSON.stringify({ name, tags: isLast ? ['2.0'] : ['1.0', '1.1'] }), 'application/json')
}

function steady(platform: Platform): { manifest: string; config: string } {
  const config = JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [] } })
  const descriptor = { mediaType: TYPES.config, digest: digestOf(config), size: config.length }
  return { config, manifest: JSON.stringify({ schemaVersion: 2, config: descriptor, layers: [] }) }
}

export function answerJson(response: ServerResponse, body: string, type: string, status = 200): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}
