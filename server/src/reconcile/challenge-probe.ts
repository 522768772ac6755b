import { get, type IncomingMessage } from 'node:http'

const TIMEOUT_MS = 5_000
const MOST_CHARACTERS = 1_000

/**
 * Asks the gateway for a challenge as an authority would, with the host in the header and not from DNS: whether the name
 * leads here is for the authority to see. Answers undefined when the answer is right, else what is wrong.
 */
export async function probeChallenge(
  gateway: string,
  { host, token, answer }: { host: string; token: string; answer: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = new URL(`/.well-known/acme-challenge/${token}`, gateway)
  try {
    const { status, text } = await fetchAs(url, host, signal)
    if (status === 200 && text === answer) return undefined
    return `the gateway at ${url.host} answers ${status} where the proof for ${host} should be`
  } catch (error) {
    signal.throwIfAborted()
    const why = error instanceof Error ? error.message : String(error)
    return `the gateway at ${url.host} does not answer: ${why}`
  }
}

function fetchAs(url: URL, host: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host }, agent: false, timeout: TIMEOUT_MS, signal }
    const sent = get(url, options, (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, MOST_CHARACTERS)
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('timeout', () => sent.destroy(new Error(`nothing within ${TIMEOUT_MS / 1000} seconds`)))
    sent.on('error', reject)
  })
}
