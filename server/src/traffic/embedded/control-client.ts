/** Speaks the embedded gateway's control protocol: HTTP and JSON over its unix socket. */
import { request } from 'node:http'
import { type ErrorCode, errorCatalogue, FairwayError, type FieldProblem } from '@fairway/contract/errors'
import { z } from 'zod'

/** What `GET /health` answers. `damaged` are route files the gateway could not read and left alone. */
export const gatewayHealth = z.object({
  version: z.string(),
  pid: z.int(),
  listenHost: z.string(),
  listenPort: z.int(),
  workers: z.int(),
  services: z.int(),
  damaged: z.array(z.object({ file: z.string(), reason: z.string() })),
})
export type GatewayHealth = z.infer<typeof gatewayHealth>

export type ControlClient = {
  /** Undefined when nobody answers at the socket. */
  health(): Promise<GatewayHealth | undefined>
  /** `traffic_failed` when the gateway cannot be reached; the gateway's own error otherwise. */
  call(method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown): Promise<unknown>
}

const CALL_TIMEOUT_MS = 15_000
const HEALTH_TIMEOUT_MS = 3_000

export function createControlClient(socketPath: string): ControlClient {
  return {
    health: async () => {
      const answer = await send(socketPath, {
        method: 'GET',
        path: '/health',
        timeoutMs: HEALTH_TIMEOUT_MS,
      }).catch(unreachable)
      return answer === undefined ? undefined : gatewayHealth.parse(answer.json)
    },
    call: async (method, path, body) => {
      const answer = await send(socketPath, { method, path, body, timeoutMs: CALL_TIMEOUT_MS })
      if (answer.status >= 400) throw errorOf(answer)
      return answer.json
    },
  }
}

function unreachable(error: unknown): undefined {
  if (error instanceof FairwayError && error.code === 'traffic_failed') return undefined
  throw error
}

type Call = { method: string; path: string; body?: unknown; timeoutMs: number }
type Answer = { status: number; json: unknown }

function send(socketPath: string, call: Call): Promise<Answer> {
  const body = call.body === undefined ? '' : JSON.stringify(call.body)
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(
        new FairwayError('traffic_failed', 'The gateway does not answer; see its log.', {
          detail: cause.message,
          cause,
        }),
      )
    const req = request(
      {
        socketPath,
        method: call.method,
        path: call.path,
        agent: false,
        signal: AbortSignal.timeout(call.timeoutMs),
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('error', fail)
        res.on('end', () => {
          try {
            resolve({
              status: res.statusCode ?? 500,
              json: JSON.parse(Buffer.concat(chunks).toString('utf8')),
            })
          } catch (error) {
            fail(error as Error)
          }
        })
      },
    )
    req.on('error', fail)
    req.end(body)
  })
}

const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    problems: z.array(z.object({ field: z.string(), rule: z.string() })).default([]),
  }),
})

function errorOf({ status, json }: Answer): FairwayError {
  const parsed = errorBody.safeParse(json)
  if (!parsed.success) return new FairwayError('traffic_failed', `The gateway answered ${status}.`)
  const { code, message, problems } = parsed.data.error
  const known: ErrorCode = Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : 'traffic_failed'
  return new FairwayError(known, message, { problems: problems satisfies FieldProblem[] })
}
