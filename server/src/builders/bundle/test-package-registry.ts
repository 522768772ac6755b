/** For tests: a registry on this machine that passes on to the one that npm uses, and knows who asked for what. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'

export type PackageRegistry = {
  url: string
  /** `pnpm/10.33.0 /semver`: the program that asked, and the path. */
  asked: string[]
  close(): void
}

export async function packageRegistry(): Promise<PackageRegistry> {
  const command = ['config', 'get', 'registry']
  const upstream = execFileSync('npm', command, { cwd: tmpdir(), encoding: 'utf8' }).trim().replace(/\/$/, '')
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.headers['user-agent']?.split(' ')[0]} ${request.url}`)
    passOn(upstream, request, response).catch((error: Error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url, asked, close }
}

async function passOn(upstream: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const accept = request.headers.accept ?? '*/*'
  const answer = await fetch(`${upstream}${request.url}`, { headers: { accept } })
  const type = answer.headers.get('content-type') ?? 'application/octet-stream'
  const body = Buffer.from(await answer.arrayBuffer())
  response.writeHead(answer.status, { 'content-type': type })
  const here = `http://${request.headers.host}`
  response.end(type.includes('json') ? body.toString().replaceAll(`${upstream}/`, `${here}/`) : body)
}
