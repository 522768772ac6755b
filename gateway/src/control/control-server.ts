/** HTTP and JSON on a unix socket that only the owner may open. Bodies of errors: `{ error: { code, message, … } }`. */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { FairwayError } from '@fairway/contract/errors'
import { log, messageOf } from '../log.ts'

const MAX_BODY_BYTES = 4 * 1024 * 1024

export type ControlRequest = { method: string; path: string; body: () => Promise<unknown> }
export type ControlAnswer = { status: number; json?: unknown; text?: string }
export type ControlHandler = (asked: ControlRequest) => Promise<ControlAnswer>

/** Refuses when another gateway answers at the path; a socket that nobody serves is replaced. */
export async function listenControl(path: string, handle: ControlHandler): Promise<Server> {
  if (await answers(path)) throw new Error(`another gateway serves ${path}; stop it first`)
  await rm(path, { force: true })
  const server = createServer((req, res) => {
    void respond(req, res, handle)
  })
  const umask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(umask)
  }
  await chmod(path, 0o600)
  return server
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ socketPath: path, path: '/health', timeout: 2_000 }, (res) => {
      res.resume()
      resolve(true)
    })
    probe.on('timeout', () => probe.destroy(new Error('no answer')))
    probe.on('error', () => resolve(false))
    probe.end()
  })
}

async function respond(req: IncomingMessage, res: ServerResponse, handle: ControlHandler): Promise<void> {
  const { method = '', url = '' } = req
  try {
    const answer = await handle({ method, path: decodeURIComponent(url), body: () => readJson(req) })
    send(res, answer)
  } catch (error) {
    send(res, answerOf(error))
  }
}

function answerOf(error: unknown): ControlAnswer {
  if (error instanceof FairwayError) {
    const { code, message, problems, data } = error
    return { status: error.status, json: { error: { code, message, problems, data } } }
  }
  if (error instanceof URIError)
    return answerOf(new FairwayError('invalid_path', 'The path is not well encoded.'))
  log('control.failed', { reason: messageOf(error) })
  const message = 'The gateway failed; its log says why.'
  return { status: 500, json: { error: { code: 'traffic_failed', message } } }
}

function send(res: ServerResponse, answer: ControlAnswer): void {
  const body = answer.text ?? JSON.stringify(answer.json ?? {})
  const type = answer.text === undefined ? 'application/json' : 'text/plain; version=0.0.4'
  res.writeHead(answer.status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new FairwayError('body_too_large', 'The routes are over 4 MB.')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch (error) {
    throw new FairwayError('malformed_json', 'The body is not JSON.', { cause: error })
  }
}
