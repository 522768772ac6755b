import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { hasCode } from './has-code.ts'

/** A free TCP port of the loopback address: `preferred` if it is free, else any. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer()
  try {
    server.listen({ host: '127.0.0.1', port: preferred, exclusive: true })
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch (error) {
    if (preferred !== 0 && hasCode(error, 'EADDRINUSE', 'EACCES')) return await freePort()
    throw error
  } finally {
    server.close()
  }
}
