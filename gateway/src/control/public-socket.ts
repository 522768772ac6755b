/**
 * The socket the public connects to. The primary binds it and never accepts: every worker listens on it, so a
 * connection costs no hand-over, waits in the kernel while all workers are being replaced, and is never refused
 * because of a restart.
 *
 * Node has no public call that binds without accepting; `_createServerHandle` is the one its own `cluster` uses, and
 * this file is the only one that knows it.
 */
import { lookup } from 'node:dns/promises'
import net from 'node:net'
import { getSystemErrorName } from 'node:util'

/** Can be sent over a process channel, and listened on by the receiver. */
export type PublicSocket = {
  getsockname(out: { address?: string; port?: number }): number
  close(): void
}

type CreateServerHandle = (address: string, port: number, family: number, fd: number) => PublicSocket | number

/** Throws when the address is taken or not of this machine. */
export async function bindPublic(host: string, port: number): Promise<PublicSocket> {
  const { address, family } = await lookup(host)
  const create = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle
  const socket = create(address, port, family, -1)
  if (typeof socket === 'number') throw bindError(socket, host, port)
  portOf(socket)
  return socket
}

/** An address in use is reported at this call rather than at the bind. */
export function portOf(socket: PublicSocket): number {
  const name: { port?: number; address?: string } = {}
  const code = socket.getsockname(name)
  if (code !== 0 || name.port === undefined)
    throw bindError(code, name.address ?? 'the address', name.port ?? 0)
  return name.port
}

const bindError = (code: number, host: string, port: number): Error =>
  new Error(`cannot listen on ${host}:${port}: ${getSystemErrorName(code)}`)
