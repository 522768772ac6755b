import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { connectEngine } from '../../lib/docker/engine.ts'
import { DEFAULT_ENGINE_SOCKET } from '../../lib/docker/engine-socket.ts'
import type { AddonEndpoint } from '../../reconcile/addon-port.ts'

/** For tests: the images of this checkout. */
export const imagesFolder = fileURLToPath(new URL('../../../../images', import.meta.url))

/** Nobody else's on the engine. */
export const testInstallation = (): string => `test-${randomUUID().slice(0, 8)}`

export type RedisReply = string | number | null | RedisReply[]

/** For tests: the answers of a Redis server to these commands, over its own wire. Refusals are raised. */
export async function redisCommands(
  { host, externalHost = host, port, ca }: AddonEndpoint,
  password: string,
  commands: readonly (readonly string[])[],
): Promise<RedisReply[]> {
  const socket =
    ca === undefined
      ? connect({ host: externalHost, port })
      : connectTls({ host: externalHost, port, ca, servername: certifiedName(host) })
  try {
    await once(socket, ca === undefined ? 'connect' : 'secureConnect')
    for (const command of [['AUTH', password], ...commands]) socket.write(encode(command))
    let text = ''
    for await (const chunk of socket) {
      text += (chunk as Buffer).toString('latin1')
      const replies = decodeAll(text)
      if (replies.length > commands.length) return replies.slice(1)
    }
    throw new Error('the server hung up')
  } finally {
    socket.destroy()
  }
}

/** A generation beside the one in use has the addon's certificate. */
const certifiedName = (host: string): string => host.replace(/^g\d+\./, '')

const encode = (command: readonly string[]): string =>
  `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`

type Decoded = { reply: RedisReply; rest: string } | undefined

function decodeAll(text: string): RedisReply[] {
  const replies: RedisReply[] = []
  for (let next = decode(text); next !== undefined; next = decode(next.rest)) replies.push(next.reply)
  return replies
}

function decode(text: string): Decoded {
  const end = text.indexOf('\r\n')
  if (end < 0) return undefined
  const [line, rest] = [text.slice(1, end), text.slice(end + 2)]
  if (text[0] === '-') throw new Error(line)
  if (text[0] === ':') return { reply: Number(line), rest }
  if (text[0] === '$') return decodeBulk(Number(line), rest)
  if (text[0] === '*') return decodeArray(Number(line), rest)
  return { reply: line, rest }
}

function decodeBulk(length: number, text: string): Decoded {
  if (length < 0) return { reply: null, rest: text }
  if (text.length < length + 2) return undefined
  return { reply: text.slice(0, length), rest: text.slice(length + 2) }
}

function decodeArray(length: number, text: string): Decoded {
  const reply: RedisReply[] = []
  let rest = text
  for (let index = 0; index < length; index += 1) {
    const item = decode(rest)
    if (item === undefined) return undefined
    reply.push(item.reply)
    rest = item.rest
  }
  return { reply, rest }
}

export const docker = connectEngine(DEFAULT_ENGINE_SOCKET)
