import { request } from 'node:http'
import { connect } from 'node:net'
import type { HealthCheck } from '@fairway/contract/resources/health-check'
import { splitCommand } from '../../lib/split-command.ts'
import type { Runtime } from '../runtime-port.ts'
import type { ProbeAnswer } from './probe-state.ts'

/** Where and of what a probe asks. `runtimeId` is for commands. */
export type Question = {
  check: HealthCheck
  address: { host: string; port: number }
  runtimeId: string
}

const RESPONSE_LENGTH = 200

type Verdict = { ok: boolean; response: string }

/** Asks once. Never throws: what goes wrong is an answer too. */
export async function ask(question: Question, runtime: Pick<Runtime, 'exec'>): Promise<ProbeAnswer> {
  const began = performance.now()
  const { ok, response } = await answerOf(question, runtime)
  return {
    ok,
    latencyMs: Math.round(performance.now() - began),
    response: response.slice(0, RESPONSE_LENGTH),
  }
}

function answerOf(question: Question, runtime: Pick<Runtime, 'exec'>): Promise<Verdict> {
  switch (question.check.protocol) {
    case 'HTTP':
      return askHttp(question)
    case 'TCP':
      return askTcp(question)
    case 'CMD':
      return askCommand(question, runtime)
  }
}

/** GET; 200 to 399 passes; redirects are not followed. */
function askHttp({ check, address }: Question): Promise<Verdict> {
  const timeoutMs = check.timeoutSeconds * 1000
  return new Promise((resolve) => {
    const req = request({
      ...address,
      path: check.path ?? '/',
      agent: false,
      headers: { host: `localhost:${address.port}`, 'user-agent': 'fairway-probe', connection: 'close' },
    })
    const timer = setTimeout(
      () => req.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    )
    const done = (verdict: Verdict): void => {
      clearTimeout(timer)
      resolve(verdict)
      req.destroy()
    }
    req.on('error', (error) => done({ ok: false, response: reasonOf(error, { check, address }) }))
    req.on('response', (res) => {
      const status = res.statusCode ?? 0
      const ok = status >= 200 && status < 400
      let body = ''
      const answer = (): void => done({ ok, response: `HTTP ${status} ${body.trim()}`.trim() })
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        body += chunk
        if (body.length >= RESPONSE_LENGTH) answer()
      })
      res.on('end', answer)
      res.on('error', (error) => done({ ok: false, response: reasonOf(error, { check, address }) }))
    })
    req.end()
  })
}

/** Passes when the connection opens. */
function askTcp({ check, address }: Question): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = connect(address)
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
      check.timeoutSeconds * 1000,
    )
    const done = (verdict: Verdict): void => {
      clearTimeout(timer)
      resolve(verdict)
      socket.destroy()
    }
    socket.once('connect', () => done({ ok: true, response: 'connected' }))
    socket.on('error', (error) => done({ ok: false, response: reasonOf(error, { check, address }) }))
  })
}

/** Exit status 0 passes. */
async function askCommand({ check, runtimeId }: Question, runtime: Pick<Runtime, 'exec'>): Promise<Verdict> {
  const timeoutMs = check.timeoutSeconds * 1000
  let output = ''
  try {
    const command = splitCommand(check.cmd ?? '')
    for await (const event of runtime.exec(runtimeId, { command, timeoutMs })) {
      if (event.type !== 'exit') output += Buffer.from(event.chunk).toString()
      else if (event.signal === 'SIGKILL') return { ok: false, response: noAnswer(check) }
      else return { ok: event.exitCode === 0, response: `exit ${event.exitCode} ${output.trim()}`.trim() }
    }
    return { ok: false, response: 'the command ended without an exit status' }
  } catch (error) {
    return { ok: false, response: error instanceof Error ? error.message : String(error) }
  }
}

const noAnswer = (check: HealthCheck): string => `no answer within ${check.timeoutSeconds} s`

function reasonOf(error: Error, { check, address }: Pick<Question, 'check' | 'address'>): string {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ECONNREFUSED') return `connection refused: nothing listens on port ${address.port}`
  if (code === 'ETIMEDOUT') return noAnswer(check)
  return code === 'ECONNRESET' ? 'the connection was closed without an answer' : error.message
}
