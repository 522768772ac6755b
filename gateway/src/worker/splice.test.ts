import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { portOf } from '../test-instance.ts'
import { closeFrame } from './frame-tracker.ts'
import { Splice } from './splice.ts'

const ends: Socket[] = []
afterAll(() => {
  for (const socket of ends) socket.destroy()
})

/** Two ends of one TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const near = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
  const [far] = await accepted
  server.close()
  ends.push(near, far)
  return [near, far]
}

const bytesOf = (socket: Socket) => {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  return {
    all: () => Buffer.concat(chunks),
    until: async (length: number) => {
      while (Buffer.concat(chunks).length < length) await once(socket, 'data')
      return Buffer.concat(chunks)
    },
  }
}

test('a close asked for in the middle of a frame comes right after that frame, and nothing after it', async () => {
  const [client, clientSide] = await pair()
  const [instance, instanceSide] = await pair()
  const got = bytesOf(client)
  const atInstance = bytesOf(instance)
  const ended = new Promise<void>((resolve) => {
    const splice = new Splice(clientSide, instanceSide, resolve)
    const frame = Buffer.concat([Buffer.from([0x82, 100]), Buffer.alloc(100, 'm')])
    const next = Buffer.concat([Buffer.from([0x82, 5]), Buffer.from('after')])
    void (async () => {
      instance.write(frame.subarray(0, 40))
      await got.until(40)
      splice.close()
      instance.write(Buffer.concat([frame.subarray(40), next]))
      const answer = await got.until(frame.length + 4)
      expect(answer.subarray(0, frame.length).equals(frame)).toBe(true)
      expect(answer.subarray(frame.length).equals(closeFrame(1012))).toBe(true)
      // A masked close frame, as a client answers.
      client.write(closeFrame(1012, Buffer.from([1, 2, 3, 4])))
    })()
  })
  client.on('end', () => client.end())
  instance.on('end', () => instance.end())
  await ended

  expect(got.all()).toHaveLength(102 + 4)
  // The instance was told by a masked close frame of its own.
  expect(atInstance.all().subarray(0, 2)).toEqual(Buffer.from([0x88, 0x82]))
  expect(atInstance.all()).toHaveLength(8)
})
