import { type ShellInput, shellOutput } from '@fairway/contract/shell'
import { currentToken } from './session.ts'

export type ShellOwner = { projectId: string; kind: 'services' | 'jobs'; id: string }
export type ShellStart = {
  owner: ShellOwner
  instance: string
  command: string
  columns: number
  rows: number
}
export type ShellEnd = { kind: 'exit'; exitCode: number } | { kind: 'trouble'; message: string }

export type ShellConnection = {
  type(text: string): void
  resize(columns: number, rows: number): void
  close(): void
}

type Listener = { onOpen(): void; onOutput(text: string): void; onEnd(end: ShellEnd): void }

/** Opens a terminal in an instance. `onEnd` is called once, unless `close` was. */
export function openShell(start: ShellStart, { onOpen, onOutput, onEnd }: Listener): ShellConnection {
  const { projectId, kind, id } = start.owner
  const path = `/v1/command-exec/projects/${projectId}/${kind}/${encodeURIComponent(id)}`
  const socket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')))
  let over = false
  const end = (how: ShellEnd): void => {
    if (over) return
    over = true
    socket.close()
    onEnd(how)
  }
  socket.onopen = () => socket.send(JSON.stringify(init(start)))
  socket.onmessage = ({ data }) => {
    if (over) return
    const message = shellOutput.parse(JSON.parse(String(data)))
    if (message.type === 'stdOut' || message.type === 'stdErr') onOutput(message.data)
    else if (message.type === 'completion') end({ kind: 'exit', exitCode: message.data.exitCode })
    else if (message.type === 'error') end({ kind: 'trouble', message: message.data.message })
    else if (message.data.auth === 'successful') onOpen()
    else end({ kind: 'trouble', message: message.data.message ?? 'The shell was refused.' })
  }
  socket.onclose = () =>
    end({ kind: 'trouble', message: 'The connection was lost. What ran in the shell was ended.' })
  const say = (input: ShellInput): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(input))
  }
  return {
    type: (text) => say({ type: 'payload', data: text }),
    resize: (columns, rows) => say({ type: 'resize', data: { ttyColumns: columns, ttyRows: rows } }),
    close: () => {
      over = true
      socket.close()
    },
  }
}

const init = ({ instance, command, columns, rows }: ShellStart) => ({
  type: 'init',
  data: {
    auth: { type: 'apiToken', apiToken: currentToken() },
    context: { instanceName: instance, command, tty: true, ttyColumns: columns, ttyRows: rows },
  },
})
