import { type ShellContext, type ShellOutput, shellOutput } from '@fairway/contract/shell'
import WebSocket from 'ws'
import { type Context, readContext } from './context.ts'
import { CliError, exitCodes } from './exit.ts'

export type TerminalRequest = {
  project: string
  kind: 'services' | 'jobs'
  id: string
  context: Partial<ShellContext>
}

/** Runs a command on this terminal, or on one of 80 by 24 where there is none. Answers its exit code. */
export async function runOnTerminal(request: TerminalRequest): Promise<number> {
  const context = readContext()
  const socket = new WebSocket(addressOf(context, request))
  const { stdin, stdout } = process
  const say = (type: string, data?: unknown): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, data }))
  }
  const onSize = (): void => say('resize', sizeOf())
  const onTyped = (chunk: Buffer | string): void => say('payload', chunk.toString())
  socket.on('open', () =>
    say('init', {
      auth: { type: 'apiToken', apiToken: context.token },
      context: { ...request.context, tty: true, ...sizeOf() },
    }),
  )
  try {
    return await ending(socket, context.host, () => {
      if (stdin.isTTY) stdin.setRawMode(true)
      stdin.setEncoding('utf8').on('data', onTyped)
      stdout.on('resize', onSize)
    })
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.off('data', onTyped).pause()
    stdout.off('resize', onSize)
    socket.close()
  }
}

function addressOf({ host }: Context, { project, kind, id }: TerminalRequest): string {
  const base = host.replace(/\/+$/, '').replace(/^http/, 'ws')
  return `${base}/v1/command-exec/projects/${project}/${kind}/${encodeURIComponent(id)}`
}

const sizeOf = (): { ttyColumns: number; ttyRows: number } => ({
  ttyColumns: process.stdout.columns ?? 80,
  ttyRows: process.stdout.rows ?? 24,
})

function ending(socket: WebSocket, host: string, onOpen: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => reject(new CliError(exitCodes.refused, message))
    socket.on('error', (cause) =>
      reject(new CliError(exitCodes.unreachable, `No shell from ${host}: ${cause.message}`, { cause })),
    )
    socket.on('close', () => fail('The connection was lost. What ran in the shell was ended.'))
    socket.on('message', (data) => {
      const message = shellOutput.parse(JSON.parse(data.toString()))
      if (message.type === 'stdOut' || message.type === 'stdErr') process.stdout.write(message.data)
      else if (message.type === 'completion') resolve(message.data.exitCode)
      else if (message.type === 'error') fail(message.data.message)
      else if (message.data.auth === 'successful') onOpen()
      else reject(denied(message))
    })
  })
}

const denied = (message: Extract<ShellOutput, { type: 'init' }>): CliError =>
  new CliError(exitCodes.refused, message.data.message ?? 'The shell was refused.')
