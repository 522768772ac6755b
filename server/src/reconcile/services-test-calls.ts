import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const HOST = 'web--shop.localhost'

export async function until(
  condition: () => Promise<boolean>,
  withinMs = 10_000,
  say: () => Promise<string> = async () => '',
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come to that in time: ${await say()}`)
    await delay(20)
  }
}

export type Answer = { status: number; body: string }

/** One request on a connection of its own. */
export function callGateway(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, agent: false, headers: { host: HOST } }, (res) => {
      let body = ''
      res.on('data', (chunk) => {
        body += String(chunk)
      })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }))
    })
    req.on('error', reject)
    req.end()
  })
}

/** Asks all the time until stopped; answers how often it was not served, and by whom it was. */
export function callAllTheTime(world: { get(): Promise<Answer> }): {
  stop(): Promise<{ failed: string[]; served: Set<string> }>
} {
  const failed: string[] = []
  const served = new Set<string>()
  let stopped = false
  const caller = async (): Promise<void> => {
    while (!stopped) {
      const answer = await world.get().catch((error: Error) => ({ status: 0, body: error.message }))
      if (answer.status === 200) served.add(answer.body)
      else failed.push(`${answer.status} ${answer.body}`)
      await delay(5)
    }
  }
  const callers = [caller(), caller(), caller()]
  return {
    stop: async () => {
      stopped = true
      await Promise.all(callers)
      return { failed, served }
    },
  }
}
