/** `node gateway/dist/main.js --listen HOST:PORT --control SOCKET --state FOLDER`: see options.ts for the rest. */
import { readFile } from 'node:fs/promises'
import { startGateway } from './gateway.ts'
import { log, messageOf } from './log.ts'
import { readOptions } from './options.ts'

async function main(): Promise<void> {
  const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const gateway = await startGateway(readOptions(process.argv.slice(2), process.env), manifest.version)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      void gateway.shutDown()
    })
  }
}

main().catch((error: unknown) => {
  log('gateway.failed', { reason: messageOf(error) })
  process.exit(1)
})
